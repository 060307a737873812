// SPDX-License-Identifier: Apache-2.0

// Package real is the lab with a real node: containers, an overlay file system,
// iptables and traffic, in mount, network, process and IPC namespaces of its own,
// so that the host's network, firewall and /run are never touched.
package real

import (
	"github.com/rerig/rerig/lab/internal/component"
)

// Where things are inside the lab's network namespace, which is nobody else's.
const (
	nodeName    = "lab-1"
	nodeIP      = "172.30.255.1"
	podCIDR     = "10.244.0.0/24"
	serviceCIDR = "10.96.0.0/16"
	// serviceIP is the API server's own Service: the first address of serviceNet.
	serviceIP = "10.96.0.1"
	dnsIP     = "10.96.0.10"

	etcdURL        = "http://127.0.0.1:2379"
	prometheusAddr = "127.0.0.1:9090"
	// ingressAddr is the node port that lab/istio/*.yaml gives the ingress gateway.
	ingressAddr = nodeIP + ":30080"
)

// serverNames are the names and addresses by which the API server is called.
var serverNames = []string{
	"127.0.0.1", nodeIP, serviceIP, "localhost", "kubernetes", "kubernetes.default",
	"kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
}

// network gives the empty network namespace a loopback and one address for the
// node. It leads nowhere: pods reach each other and nothing else. A bridge stands
// in for a network card, since not every kernel has the dummy device.
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

// cniConfig connects each pod by a cable of its own and routes between them: a
// bridge would hide traffic between pods from iptables where br_netfilter is not loaded.
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
