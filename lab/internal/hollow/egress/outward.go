// SPDX-License-Identifier: Apache-2.0

package egress

import "net"

// Outward is an address of this machine other than loopback, nil when it has
// none. Nothing leaves the machine by it: it is where connections come from.
func Outward() net.IP {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP
		}
	}
	return nil
}
