// Sends a word and prints what comes back.  echo_client HOST:PORT WORD
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	conn, err := net.Dial("tcp4", os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	conn.Write([]byte(os.Args[2]))
	buf := make([]byte, 1024)
	n, _ := conn.Read(buf)
	fmt.Println("got", string(buf[:n]))
	conn.Close()
}
