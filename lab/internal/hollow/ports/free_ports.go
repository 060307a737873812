// SPDX-License-Identifier: Apache-2.0

// Package ports finds free local ports, so that several labs can run on one machine.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The range is below the kernels' range of ephemeral ports, so that no outgoing connection takes a
// port between finding it and listening on it.
const (
	firstPort = 20000
	portCount = 10000
)

// FindFree returns n ports of 127.0.0.1 on which nothing listens. It starts at a random port, so
// that two labs that start together rarely collide.
func FindFree(n int) ([]int, error) {
	var free []int
	start := rand.IntN(portCount)
	for i := 0; i < portCount && len(free) < n; i++ {
		port := firstPort + (start+i)%portCount
		l, err := net.Listen("tcp", LocalAddress(port))
		if err != nil {
			continue
		}
		l.Close()
		free = append(free, port)
	}
	if len(free) < n {
		return nil, fmt.Errorf("find %d free ports from %d upwards: only %d are free", n, firstPort, len(free))
	}
	return free, nil
}

// LocalAddress returns the loopback address of a port.
func LocalAddress(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
