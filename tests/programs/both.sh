#!/bin/sh
# Starts the server and, as soon as it answers, the client: both.sh PORT
./echo_server "$1" &
until ./echo_client 127.0.0.1 "$1" hello; do
	sleep 0.1
done
kill $!
