// SPDX-License-Identifier: Apache-2.0

package real

import (
	"github.com/rerig/rerig/lab/internal/component"
)

// Addresses inside the lab's network namespace.
const (
	nodeName    = "lab-1"
	nodeIP      = "172.30.255.1"
	podCIDR     = "10.244.0.0/24"
	serviceCIDR = "10.96.0.0/16"
	// serviceIP is the address of the API server's Service: the first one of serviceCIDR.
	serviceIP = "10.96.0.1"
	dnsIP     = "10.96.0.10"

	etcdURL        = "http://127.0.0.1:2379"
	prometheusAddr = "127.0.0.1:9090"
	// ingressAddr is the node port of the ingress gateway in lab/istio/*.yaml.
	ingressAddr = nodeIP + ":30080"
)

// serverNames are the names and addresses of the API server.
var serverNames = []string{
	"127.0.0.1", nodeIP, serviceIP, "localhost", "kubernetes", "kubernetes.default",
	"kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
}

// network sets up the network namespace with a loopback and one node address. It has no route to
// the outside: pods reach only each other. A bridge replaces the network card, because not every
// kernel has the dummy device.
func (config nodeConfig) network() component.List {
	forward := config.task("node-route", "ip", "route", "add", "default", "dev", "eth0")
	forward.Files = []component.File{{Path: "/proc/sys/net/ipv4/ip_forward", Content: "1"}}
	return component.List{
		config.task("loopback-up", "ip", "link", "set", "lo", "up"),
		config.task("node-device", "ip", "link", "add", "eth0", "type", "bridge"),
		config.task("node-address", "ip", "address", "add", nodeIP+"/24", "dev", "eth0"),
		config.task("node-up", "ip", "link", "set", "eth0", "up"),
		forward,
	}
}

// cniConfig connects each pod by a veth pair of its own and routes between them. A bridge would
// hide traffic between pods from iptables if br_netfilter is not loaded.
const cniConfig = `{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [
    {"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/cni-addresses",
      "ranges": [[{"subnet": "` + podCIDR + `"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
