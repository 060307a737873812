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
	lowest = 20000
	count  = 10000
)

// Free finds n ports of 127.0.0.1 that nobody listens at. It begins at a random
// one, so that two labs that start together hardly meet.
func Free(n int) ([]int, error) {
	var found []int
	begin := rand.IntN(count)
	for i := 0; i < count && len(found) < n; i++ {
		port := lowest + (begin+i)%count
		l, err := net.Listen("tcp", Local(port))
		if err != nil {
			continue
		}
		l.Close()
		found = append(found, port)
	}
	if len(found) < n {
		return nil, fmt.Errorf("find %d free ports from %d on: there are %d", n, lowest, len(found))
	}
	return found, nil
}

// Local is the loopback address of a port.
func Local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
