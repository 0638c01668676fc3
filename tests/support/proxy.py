"""A TCP proxy on the loopback that breaks links on demand."""

import socket
import struct
import threading
import time

RST_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for no time


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def break_off(end):
    """Resets a connection, also while another thread waits in it."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
    try:
        end.shutdown(socket.SHUT_RD)  # wakes that thread; the close that follows sends RST
    except OSError:
        pass
    end.close()


class Proxy:
    def __init__(self, target):
        self.target = target
        self.lock = threading.Lock()
        self.open(0)
        self.port = self.listener.getsockname()[1]

    def open(self, port):
        self.ends = []
        self.listener = listen(port)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.join(listener, near, far)

    def join(self, listener, *ends):
        with self.lock:
            if listener is not self.listener:  # they came while everything was being reset
                for end in ends:
                    break_off(end)
                return
            self.ends += ends
        for source, sink in ends, ends[::-1]:
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.forward, args=(source, sink), daemon=True).start()

    def forward(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            with self.lock:
                if source in self.ends:  # its peer has closed it, not the proxy
                    sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        with self.lock:
            listener, ends, self.listener, self.ends = self.listener, self.ends, None, []
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        listener.close()
        for end in ends:
            break_off(end)

    def reset(self, refuse_s):
        """Resets every connection, both sides of it, and refuses new ones for so long."""
        self.close()
        time.sleep(refuse_s)
        self.open(self.port)
