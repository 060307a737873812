// SPDX-License-Identifier: Apache-2.0

package hollow

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/hollow/ports"
	"github.com/rerig/rerig/lab/internal/pki"
	"github.com/rerig/rerig/lab/internal/rollouts"
)

// nodeIP is the address of every hollow node, and of the API server inside the
// cluster. No machine has it: egress leads it to local ports.
const nodeIP = "172.30.254.1"

// kubeletVersion is what the nodes say: by it Istio decides whether its sidecars are native.
const kubeletVersion = "v1.34.4"

// Boot is what a recipe is made of.
type Boot struct {
	// Dir is the lab's folder.
	Dir string
	// Kube and Kwok are binaries.
	Kube, Kwok string
	Keys       pki.Keys
	Kubeconfig string
	// Free local ports.
	API, Etcd, EtcdPeer, KwokPort int
	// Rollouts is the controller of Argo Rollouts, where the lab is to have it.
	Rollouts *rollouts.Controller
	// Nodes is their number.
	Nodes int
}

//go:embed stages.yaml
var stages string

//go:embed objects.yaml
var objects string

// Recipe is the hollow lab's processes, to be started in this order.
func (b Boot) Recipe() component.Recipe {
	r := component.Recipe{b.etcd(), b.apiserver(), b.objects(), b.controllers(), b.scheduler(), b.kwok()}
	if b.Rollouts != nil {
		r = append(r, b.Rollouts.Recipe()...)
	}
	return r
}

// in is a path in the lab's folder.
func (b Boot) in(name string) string { return filepath.Join(b.Dir, name) }

// socket is where the API server reaches the cluster's network.
func (b Boot) socket() string { return b.in("egress.sock") }

// service is a component that runs in the lab's folder and inherits nothing.
func (b Boot) service(name, binary string, args ...string) component.Component {
	return component.Component{
		Name: name, Binary: binary, Args: args, Dir: b.Dir, Restart: component.Always,
		Env: []string{"HOME=" + b.Dir, "PATH=/usr/local/bin:/usr/bin:/bin"},
	}
}

func (b Boot) etcd() component.Component {
	url := "http://" + ports.Local(b.Etcd)
	c := b.service("etcd", b.Kube, "etcd", "--data-dir="+b.in("etcd"), "--client-url="+url, "--peer-url=http://"+ports.Local(b.EtcdPeer))
	c.Probe = component.Probe{URL: url + "/health"}
	return c
}

func (b Boot) apiserver() component.Component {
	c := b.service("kube-apiserver", b.Kube, "kube-apiserver",
		"--etcd-servers=http://"+ports.Local(b.Etcd),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", b.API), "--advertise-address="+nodeIP,
		"--tls-cert-file="+b.Keys.ServerCert, "--tls-private-key-file="+b.Keys.ServerKey,
		"--service-account-key-file="+b.Keys.SAPublic, "--service-account-signing-key-file="+b.Keys.SAPrivate,
		"--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file="+b.Keys.Tokens,
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC", "--allow-privileged=true",
		// Services are followed to their endpoints, and the cluster's network is behind the socket.
		"--enable-aggregator-routing=true", "--egress-selector-config-file="+b.in("egress.yaml"),
		"--kubelet-preferred-address-types=InternalIP")
	c.Files = []component.File{{Path: b.in("egress.yaml"), Content: fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- {name: cluster, connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: %q}}}}
- {name: controlplane, connection: {proxyProtocol: Direct}}
- {name: etcd, connection: {proxyProtocol: Direct}}
`, b.socket())}}
	c.Probe = component.Probe{URL: "https://" + ports.Local(b.API) + "/readyz"}
	return c
}

// objects puts in what has to be there before kwok comes.
func (b Boot) objects() component.Component {
	path := b.in("objects.yaml")
	c := b.service("objects", b.Kube, "kubectl", "--kubeconfig="+b.Kubeconfig, "create", "--validate=false", "-f", path)
	c.Kind, c.Restart = component.Task, ""
	c.Files = []component.File{{Path: path, Content: objects + b.nodes()}}
	return c
}

func (b Boot) nodes() string {
	var s strings.Builder
	for i := range b.Nodes {
		fmt.Fprintf(&s, `---
apiVersion: v1
kind: Node
metadata: {name: hollow-%d, labels: {kubernetes.io/hostname: hollow-%d, kubernetes.io/os: linux, kubernetes.io/arch: amd64}}
status: {nodeInfo: {kubeletVersion: %s}}
`, i+1, i+1, kubeletVersion)
	}
	return s.String()
}

func (b Boot) controllers() component.Component {
	return b.service("kube-controller-manager", b.Kube, "kube-controller-manager",
		"--kubeconfig="+b.Kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--service-account-private-key-file="+b.Keys.SAPrivate, "--root-ca-file="+b.Keys.CACert,
		"--use-service-account-credentials=true", "--allocate-node-cidrs=false",
		"--kube-api-qps=200", "--kube-api-burst=400")
}

func (b Boot) scheduler() component.Component {
	return b.service("kube-scheduler", b.Kube, "kube-scheduler",
		"--kubeconfig="+b.Kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--kube-api-qps=200", "--kube-api-burst=400")
}

// kwok listens on loopback alone: it asks nobody who they are.
func (b Boot) kwok() component.Component {
	c := b.service("kwok", b.Kwok,
		"--kubeconfig="+b.Kubeconfig, "--config="+b.in("stages.yaml"), "--manage-all-nodes",
		"--server-address="+ports.Local(b.KwokPort), "--node-ip="+nodeIP, fmt.Sprintf("--node-port=%d", b.KwokPort),
		// Without leases of some length the nodes go NotReady when the machine is busy.
		"--node-lease-duration-seconds=40", "--cidr=10.244.0.0/16", "--enable-crds=PortForward")
	c.Files = []component.File{{Path: b.in("stages.yaml"), Content: stages}}
	c.Probe = component.Probe{URL: "http://" + ports.Local(b.KwokPort) + "/healthz"}
	return c
}
