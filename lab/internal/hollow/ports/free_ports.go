// SPDX-License-Identifier: Apache-2.0

// Package ports finds free ones, so that several labs run on one machine.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The range lies under the one that kernels take outgoing ports from, so that
// between the finding and the listening nobody gets one by chance.
const (
	firstPort = 20000
	portCount = 10000
)

// FindFree finds n ports of 127.0.0.1 that nobody listens at. It begins at a random
// one, so that two labs that start together hardly meet.
func FindFree(n int) ([]int, error) {
	var found []int
	start := rand.IntN(portCount)
	for i := 0; i < portCount && len(found) < n; i++ {
		port := firstPort + (start+i)%portCount
		l, err := net.Listen("tcp", LocalAddress(port))
		if err != nil {
			continue
		}
		l.Close()
		found = append(found, port)
	}
	if len(found) < n {
		return nil, fmt.Errorf("find %d free ports from %d on: there are %d", n, firstPort, len(found))
	}
	return found, nil
}

// LocalAddress is the loopback address of a port.
func LocalAddress(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
