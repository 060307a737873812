// SPDX-License-Identifier: Apache-2.0

package real

import (
	_ "embed"
	"strings"

	"github.com/rerig/rerig/lab/internal/component"
)

//go:embed coredns.yaml
var coredns string

// dns applies the cluster's name server; nothing waits for it, pods retry.
func (b boot) dns() component.Component {
	file := b.in("coredns.yaml")
	c := b.kubectl("dns", "apply", "-f", file)
	c.Files = []component.File{{Path: file, Content: strings.ReplaceAll(coredns, "DNS_IP", dnsIP)}}
	return c
}
