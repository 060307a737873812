// SPDX-License-Identifier: Apache-2.0

// Package real is the lab with a real node: containers, an overlay file system,
// iptables and traffic, in mount, network, process and IPC namespaces of its own,
// so that the host's network, firewall and /run are never touched.
package real

// Where things are inside the lab's network namespace, which is nobody else's.
const (
	nodeName   = "lab-1"
	nodeIP     = "172.30.255.1"
	podRange   = "10.244.0.0/24"
	serviceNet = "10.96.0.0/16"
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
