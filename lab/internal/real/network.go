// SPDX-License-Identifier: Apache-2.0

package real

import "github.com/rerig/rerig/lab/internal/component"

// network gives the empty network namespace a loopback and one address for the
// node. It leads nowhere: pods reach each other and nothing else. A bridge stands
// in for a network card, since not every kernel has the dummy device.
func (b boot) network() component.Recipe {
	forward := b.task("node-route", "ip", "route", "add", "default", "dev", "eth0")
	forward.Files = []component.File{{Path: "/proc/sys/net/ipv4/ip_forward", Content: "1"}}
	return component.Recipe{
		b.task("loopback-up", "ip", "link", "set", "lo", "up"),
		b.task("node-device", "ip", "link", "add", "eth0", "type", "bridge"),
		b.task("node-address", "ip", "address", "add", nodeIP+"/24", "dev", "eth0"),
		b.task("node-up", "ip", "link", "set", "eth0", "up"),
		forward,
	}
}

// podNetwork connects each pod by a cable of its own and routes between them: a
// bridge would hide traffic between pods from iptables where br_netfilter is not loaded.
const podNetwork = `{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
      "ranges": [[{"subnet": "` + podRange + `"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
