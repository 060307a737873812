// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
)

func (b boot) etcd() component.Component {
	c := b.kube("etcd", "--data-dir="+b.in("etcd"), "--client-url="+etcdURL, "--peer-url=http://127.0.0.1:2380")
	return well(c, etcdURL+"/health", 0)
}

// apiserver listens inside on the very port that is relayed from the host, so
// that one kubeconfig holds on both sides.
func (b boot) apiserver() component.Component {
	c := b.kube("kube-apiserver",
		"--etcd-servers="+etcdURL,
		fmt.Sprintf("--secure-port=%d", b.l.APIPort),
		"--bind-address=0.0.0.0",
		"--advertise-address="+nodeIP,
		"--tls-cert-file="+b.keys.ServerCert,
		"--tls-private-key-file="+b.keys.ServerKey,
		"--service-cluster-ip-range="+serviceNet,
		"--service-account-key-file="+b.keys.SAPublic,
		"--service-account-signing-key-file="+b.keys.SAPrivate,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--token-auth-file="+b.keys.Tokens,
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		"--profiling=false",
	)
	return well(c, fmt.Sprintf("https://127.0.0.1:%d/readyz", b.l.APIPort), time.Minute)
}

func (b boot) controllers() component.Component {
	c := b.kube("kube-controller-manager",
		"--kubeconfig="+b.l.Kubeconfig(),
		"--service-account-private-key-file="+b.keys.SAPrivate,
		"--root-ca-file="+b.keys.CACert,
		"--use-service-account-credentials=true",
		"--leader-elect=false",
		"--allocate-node-cidrs=false",
		"--bind-address=127.0.0.1",
	)
	return well(c, "https://127.0.0.1:10257/healthz", 0)
}

func (b boot) scheduler() component.Component {
	c := b.kube("kube-scheduler", "--kubeconfig="+b.l.Kubeconfig(), "--leader-elect=false", "--bind-address=127.0.0.1")
	return well(c, "https://127.0.0.1:10259/healthz", 0)
}
