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

// nodeIP is the address of every hollow node, and of the API server inside the cluster. It exists
// on no machine: egress routes it to local ports.
const nodeIP = "172.30.254.1"

// kubeletVersion is the version that the nodes report. Istio decides by it whether sidecars are
// native.
const kubeletVersion = "v1.34.4"

// Config holds the values from which the components are built.
type Config struct {
	// Dir is the lab's directory.
	Dir string
	// KubeBinary and KwokBinary are paths of programs.
	KubeBinary, KwokBinary string
	Keys                   pki.Keys
	Kubeconfig             string
	// APIPort, EtcdPort, EtcdPeerPort and KwokPort are free local ports.
	APIPort, EtcdPort, EtcdPeerPort, KwokPort int
	// Rollouts is the Argo Rollouts controller, or nil.
	Rollouts *rollouts.Controller
	// NodeCount is the number of nodes.
	NodeCount int
}

//go:embed stages.yaml
var stagesYAML string

//go:embed objects.yaml
var objectsYAML string

// Components returns the processes of the hollow lab in start order.
func (config Config) Components() component.List {
	list := component.List{
		config.etcd(), config.apiserver(), config.initialObjects(), config.controllers(), config.scheduler(), config.kwok(),
	}
	if config.Rollouts != nil {
		list = append(list, config.Rollouts.Components()...)
	}
	return list
}

// path returns the path of a file in the lab's directory.
func (config Config) path(name string) string { return filepath.Join(config.Dir, name) }

// egressSocket returns the socket by which the API server reaches the cluster's network.
func (config Config) egressSocket() string { return config.path("egress.sock") }

// service returns a component that runs in the lab's directory with an environment of its own.
func (config Config) service(name, binary string, args ...string) component.Component {
	return component.Component{
		Name: name, Binary: binary, Args: args, Dir: config.Dir, Restart: component.Always,
		Env: []string{"HOME=" + config.Dir, "PATH=/usr/local/bin:/usr/bin:/bin"},
	}
}

func (config Config) etcd() component.Component {
	url := "http://" + ports.LocalAddress(config.EtcdPort)
	c := config.service("etcd", config.KubeBinary, "etcd",
		"--data-dir="+config.path("etcd"), "--client-url="+url, "--peer-url=http://"+ports.LocalAddress(config.EtcdPeerPort))
	c.Probe = component.Probe{URL: url + "/health"}
	return c
}

func (config Config) apiserver() component.Component {
	c := config.service("kube-apiserver", config.KubeBinary, "kube-apiserver",
		"--etcd-servers=http://"+ports.LocalAddress(config.EtcdPort),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", config.APIPort), "--advertise-address="+nodeIP,
		"--tls-cert-file="+config.Keys.ServerCert, "--tls-private-key-file="+config.Keys.ServerKey,
		"--service-account-key-file="+config.Keys.SAPublic, "--service-account-signing-key-file="+config.Keys.SAPrivate,
		"--service-account-issuer=https://kubernetes.default.svc", "--token-auth-file="+config.Keys.Tokens,
		"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC", "--allow-privileged=true",
		// The aggregator resolves Services to their endpoints. The cluster's network is behind the
		// socket.
		"--enable-aggregator-routing=true", "--egress-selector-config-file="+config.path("egress.yaml"),
		"--kubelet-preferred-address-types=InternalIP")
	c.Files = []component.File{{Path: config.path("egress.yaml"), Content: fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- {name: cluster, connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: %q}}}}
- {name: controlplane, connection: {proxyProtocol: Direct}}
- {name: etcd, connection: {proxyProtocol: Direct}}
`, config.egressSocket())}}
	c.Probe = component.Probe{URL: "https://" + ports.LocalAddress(config.APIPort) + "/readyz"}
	return c
}

// initialObjects creates the objects that must exist before kwok starts.
func (config Config) initialObjects() component.Component {
	path := config.path("objects.yaml")
	c := config.service("objects", config.KubeBinary, "kubectl", "--kubeconfig="+config.Kubeconfig, "create", "--validate=false", "-f", path)
	c.Kind, c.Restart = component.Task, ""
	c.Files = []component.File{{Path: path, Content: objectsYAML + config.nodeObjects()}}
	return c
}

func (config Config) nodeObjects() string {
	var s strings.Builder
	for i := range config.NodeCount {
		fmt.Fprintf(&s, `---
apiVersion: v1
kind: Node
metadata: {name: hollow-%d, labels: {kubernetes.io/hostname: hollow-%d, kubernetes.io/os: linux, kubernetes.io/arch: amd64}}
status: {nodeInfo: {kubeletVersion: %s}}
`, i+1, i+1, kubeletVersion)
	}
	return s.String()
}

func (config Config) controllers() component.Component {
	return config.service("kube-controller-manager", config.KubeBinary, "kube-controller-manager",
		"--kubeconfig="+config.Kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--service-account-private-key-file="+config.Keys.SAPrivate, "--root-ca-file="+config.Keys.CACert,
		"--use-service-account-credentials=true", "--allocate-node-cidrs=false",
		"--kube-api-qps=200", "--kube-api-burst=400")
}

func (config Config) scheduler() component.Component {
	return config.service("kube-scheduler", config.KubeBinary, "kube-scheduler",
		"--kubeconfig="+config.Kubeconfig, "--secure-port=0", "--leader-elect=false",
		"--kube-api-qps=200", "--kube-api-burst=400")
}

// kwok listens on loopback only, because it authenticates nobody.
func (config Config) kwok() component.Component {
	c := config.service("kwok", config.KwokBinary,
		"--kubeconfig="+config.Kubeconfig, "--config="+config.path("stages.yaml"), "--manage-all-nodes",
		"--server-address="+ports.LocalAddress(config.KwokPort), "--node-ip="+nodeIP, fmt.Sprintf("--node-port=%d", config.KwokPort),
		// With shorter leases the nodes become NotReady on a busy machine.
		"--node-lease-duration-seconds=40", "--cidr=10.244.0.0/16", "--enable-crds=PortForward")
	c.Files = []component.File{{Path: config.path("stages.yaml"), Content: stagesYAML}}
	c.Probe = component.Probe{URL: "http://" + ports.LocalAddress(config.KwokPort) + "/healthz"}
	return c
}
