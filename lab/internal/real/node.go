// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"time"

	"github.com/rerig/rerig/lab/internal/component"
	"github.com/rerig/rerig/lab/internal/parts"
)

const containerdSocket = "/run/containerd/containerd.sock"

// containerd sets restrict_oom_score_adj for machines without CAP_SYS_RESOURCE.
func (config nodeConfig) containerd() component.Component {
	c := config.service("containerd", "containerd", "--config", "/etc/containerd/config.toml")
	c.Files = []component.File{
		{Path: "/etc/cni/net.d/10-lab.conflist", Content: cniConfig},
		{Path: "/etc/containerd/config.toml", Content: fmt.Sprintf(`version = 2
root = %q
state = "/run/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "docker.io/lab/pause:1"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
`, config.path("containerd"))},
	}
	return withProbe(c, "unix://"+containerdSocket, 0)
}

// images imports the cluster's own images and those of the oldest Istio. Others are imported later.
func (config nodeConfig) images() component.Component {
	return config.task("import-images", "ctr", ImportArgs(config.lab.Parts["images-"+parts.IstioVersions[0]])...)
}

// ImportArgs returns ctr's arguments that import an image archive into the kubelet's containerd.
func ImportArgs(archive string) []string {
	return []string{"-n", "k8s.io", "images", "import", archive}
}

// kubelet uses a cgroup root of its own. At the root it would delete the pods of another kubelet on
// this machine.
func (b nodeConfig) kubelet() component.Component {
	config := b.path("kubelet.yaml")
	c := b.kube("kubelet",
		"--config="+config,
		"--kubeconfig="+b.lab.Kubeconfig(),
		"--hostname-override="+nodeName,
		"--node-ip="+nodeIP,
		"--root-dir="+b.path("kubelet"),
	)
	c.Files = []component.File{{Path: config, Content: fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /%s
clusterDNS: [%s]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://%s
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
failSwapOn: false
podLogsDir: %s
registryPullQPS: 0
resolvConf: /etc/resolv.conf
serializeImagePulls: false
`, cgroupName(b.lab.Name), dnsIP, containerdSocket, b.path("pods"))}}
	return withProbe(c, "http://127.0.0.1:10248/healthz", time.Minute)
}

// proxy leaves the connection tracking limits unchanged, because they apply to the entire machine.
func (config nodeConfig) proxy() component.Component {
	c := config.kube("kube-proxy",
		"--kubeconfig="+config.lab.Kubeconfig(),
		"--hostname-override="+nodeName,
		"--cluster-cidr="+podCIDR,
		"--proxy-mode=iptables",
		"--conntrack-max-per-core=0",
		"--conntrack-min=0",
	)
	return withProbe(c, "http://127.0.0.1:10256/healthz", time.Minute)
}

func (config nodeConfig) nodeReady() component.List {
	return component.List{
		config.kubectl("node-known", "wait", "--for=create", "node/"+nodeName, "--timeout=60s"),
		config.kubectl("node-ready", "wait", "--for=condition=Ready", "node/"+nodeName, "--timeout=60s"),
	}
}

func cgroupName(lab string) string { return "rerig-" + lab }
