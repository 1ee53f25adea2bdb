// Sends a word, prints what comes back, and leaves.  node echo_client.js HOST PORT WORD
const net = require('net');

const [host, port, word] = process.argv.slice(2);
const socket = net.connect(Number(port), host, () => socket.write(word));
socket.on('data', (data) => {
  console.log('got ' + data);
  socket.end();
});
