// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func TestRoutesResolve(t *testing.T) {
	var r Routes
	r.Set("10.245.0.1", map[int]string{15012: "127.0.0.1:20001"})
	r.Set("10.245.0.2", map[int]string{15012: "127.0.0.1:20002"})()
	removeOld := r.Set("10.245.0.3", map[int]string{15012: "127.0.0.1:20003"})
	r.Set("10.245.0.3", map[int]string{15012: "127.0.0.1:20004"})
	removeOld() // a later pod has the same address
	for _, c := range []struct{ name, hostport, want, wantErr string }{
		{name: "known", hostport: "10.245.0.1:15012", want: "127.0.0.1:20001"},
		{name: "set twice", hostport: "10.245.0.3:15012", want: "127.0.0.1:20004"},
		{name: "unknown port", hostport: "10.245.0.1:15013", wantErr: "no process"},
		{name: "removed", hostport: "10.245.0.2:15012", wantErr: "no process"},
		{name: "unknown address", hostport: "192.0.2.1:443", wantErr: "no process"},
		{name: "no port", hostport: "10.245.0.1", wantErr: "parse address"},
		{name: "named port", hostport: "10.245.0.1:http", wantErr: "parse the port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Resolve(c.hostport)
			if c.wantErr == "" && (err != nil || got != c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)) {
				t.Errorf("got %q, %v, want an error with %q", got, err, c.wantErr)
			}
		})
	}
}

// A response arrives after the client has closed its write side, as with kubectl port-forward.
func TestConnectCopiesBothDirections(t *testing.T) {
	var r Routes
	r.Set("10.245.0.1", map[int]string{80: upperCaseServer(t)})
	conn := connectTo(t, &r, "10.245.0.1:80")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect})
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("CONNECT: got %v, %v, want 200", res, err)
	}
	fmt.Fprint(conn, "hello")
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(in); err != nil || string(got) != "HELLO" {
		t.Fatalf("got %q, %v, want HELLO", got, err)
	}
}

func TestConnectRefusesUnknownAddress(t *testing.T) {
	conn := connectTo(t, &Routes{}, "192.0.2.1:443")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if err != nil || res.StatusCode != http.StatusBadGateway {
		t.Fatalf("CONNECT: got %v, %v, want 502", res, err)
	}
}

// connectTo connects to a proxy with these routes as the API server does.
func connectTo(t *testing.T, r *Routes, target string) net.Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- Serve(l, r, net.IPv4(127, 0, 0, 9)) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target)
	return conn
}

// upperCaseServer reads everything and answers in upper case.
func upperCaseServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if from := c.RemoteAddr().(*net.TCPAddr).IP.String(); from != "127.0.0.9" {
			t.Errorf("got a connection from %s, want 127.0.0.9", from)
		}
		b, _ := io.ReadAll(c)
		fmt.Fprint(c, strings.ToUpper(string(b)))
	}()
	return l.Addr().String()
}
