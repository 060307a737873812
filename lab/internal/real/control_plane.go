// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

func (config nodeConfig) etcd() component.Component {
	c := config.kube("etcd", "--data-dir="+config.path("etcd"), "--client-url="+etcdURL, "--peer-url=http://127.0.0.1:2380")
	return withProbe(c, etcdURL+"/health", 0)
}

// apiserver listens on the port that is relayed from the host, so that one kubeconfig works on both
// sides.
func (config nodeConfig) apiserver() component.Component {
	c := config.kube("kube-apiserver",
		"--etcd-servers="+etcdURL,
		fmt.Sprintf("--secure-port=%d", config.lab.APIPort),
		"--bind-address=0.0.0.0",
		"--advertise-address="+nodeIP,
		"--tls-cert-file="+config.keys.ServerCert,
		"--tls-private-key-file="+config.keys.ServerKey,
		"--service-cluster-ip-range="+serviceCIDR,
		"--service-account-key-file="+config.keys.SAPublic,
		"--service-account-signing-key-file="+config.keys.SAPrivate,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--token-auth-file="+config.keys.Tokens,
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		"--profiling=false",
	)
	return withProbe(c, fmt.Sprintf("https://127.0.0.1:%d/readyz", config.lab.APIPort), time.Minute)
}

func (config nodeConfig) controllers() component.Component {
	c := config.kube("kube-controller-manager",
		"--kubeconfig="+config.lab.Kubeconfig(),
		"--service-account-private-key-file="+config.keys.SAPrivate,
		"--root-ca-file="+config.keys.CACert,
		"--use-service-account-credentials=true",
		"--leader-elect=false",
		"--allocate-node-cidrs=false",
		"--bind-address=127.0.0.1",
	)
	return withProbe(c, "https://127.0.0.1:10257/healthz", 0)
}

func (config nodeConfig) scheduler() component.Component {
	c := config.kube("kube-scheduler", "--kubeconfig="+config.lab.Kubeconfig(), "--leader-elect=false", "--bind-address=127.0.0.1")
	return withProbe(c, "https://127.0.0.1:10259/healthz", 0)
}
