// SPDX-License-Identifier: Apache-2.0

package real

import (
	"io"
	"net"
)

// relayConnections joins each connection that ln accepts to a new one to the address to.
func relayConnections(ln net.Listener, address string) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go forward(c, address)
	}
}

func forward(c net.Conn, to string) {
	defer c.Close()
	d, err := net.Dial("tcp", to)
	if err != nil {
		return // the caller sees its connection closed, as of a port where nobody listens any more
	}
	defer d.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyAndCloseWrite(d, c)
	}()
	copyAndCloseWrite(c, d)
	<-done
}

// copyAndCloseWrite copies until from ends, and then says so to the other side, which may still have something to answer.
func copyAndCloseWrite(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
