// An echo server.  node echo_server.js PORT
const net = require('net');

const server = net.createServer((socket) => {
  socket.on('data', (data) => socket.write(data));
});
server.listen(Number(process.argv[2]), '0.0.0.0', () => console.log('ready'));
