"""A redis-server of the test's own, on a socket in a temporary folder, and its protocol."""
import os
import shutil
import socket
import subprocess
import tempfile
import time


class Server:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="redis-")
        self.path = os.path.join(self.folder, "socket")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir",
             self.folder, "--proto-max-bulk-len", "536870912"],
            stdout=subprocess.DEVNULL)
        for _ in range(200):
            if os.path.exists(self.path):
                break
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def connect(self):
        return Connection(self.path)


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def send(self, commands):
        """Replies of many commands, each as text: ":1", "$bytes", "+OK", "-ERR ...", "_", or a list of those."""
        out = []
        for command in commands:
            out.append(b"*%d\r\n" % len(command))
            for word in command:
                out.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(out))
        return [self.read() for _ in commands]

    def read(self):
        line = self.file.readline()[:-2]
        kind, rest = line[:1], line[1:]
        if kind in b"+-:":
            return line
        n = int(rest)
        if n < 0:
            return b"_"
        if kind == b"$":
            return b"$" + self.file.read(n + 2)[:-2]
        return [self.read() for _ in range(n)]
