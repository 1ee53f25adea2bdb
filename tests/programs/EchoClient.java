import java.net.Socket;

/** Sends a word and prints what comes back.  java EchoClient HOST PORT WORD */
public class EchoClient {
    public static void main(String[] args) throws Exception {
        Socket socket = new Socket(args[0], Integer.parseInt(args[1]));
        socket.getOutputStream().write(args[2].getBytes());
        byte[] buf = new byte[1024];
        int n = socket.getInputStream().read(buf);
        System.out.println("got " + new String(buf, 0, n));
        socket.close();
    }
}
