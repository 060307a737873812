// SPDX-License-Identifier: Apache-2.0

package real

import (
	"io"
	"net"
)

// relayConnections connects each connection that ln accepts to address.
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
		return // the caller sees a closed connection, as if nothing listened
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

// copyAndCloseWrite copies until from ends. Then it closes the write side of to, which may still
// answer.
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
