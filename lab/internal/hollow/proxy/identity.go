// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/hollow/podview"
)

// Container is the pod's proxy container, nil when it has none: among the
// containers, or, as a native sidecar, among the init containers. What makes it
// one is its command line ("proxy sidecar", "proxy router"), not its name alone.
func Container(pod *corev1.Pod) *corev1.Container {
	all := slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers)
	for i := range all {
		if all[i].Name == "istio-proxy" && len(all[i].Args) >= 2 && all[i].Args[0] == "proxy" {
			return &all[i]
		}
	}
	return nil
}

// Identity is how a proxy presents itself.
type Identity struct {
	// ID is the node ID: TYPE~IP~POD.NAMESPACE~DOMAIN.
	ID string
	// Cluster is the node's service cluster.
	Cluster string
	// Metadata is the node metadata as pilot-agent of the pod's version sends it.
	Metadata map[string]any
	// Discovery and CA are host:port of the pod's control plane, by Service name.
	Discovery, CA string
	// ClusterID goes along with each call.
	ClusterID string
	// TrustDomain is that of the workload's SPIFFE identity.
	TrustDomain string
	// Version is the Istio version of the pod's proxy.
	Version string
}

// MeshFile is where a gateway's proxy finds the mesh configuration; injection
// gives a sidecar an environment variable instead.
const MeshFile = "/etc/istio/config/mesh"

// Identify works out the identity of an injected pod whose proxy container has
// this environment and this MeshFile, empty for none (Istio 1.29.1
// pilot/cmd/pilot-agent/app/cmd.go and pkg/bootstrap/config.go).
func Identify(pod *corev1.Pod, c *corev1.Container, env podview.Vars, mesh string) (Identity, error) {
	config, err := proxyConfig(pod, env, mesh)
	if err != nil {
		return Identity{}, fmt.Errorf("read the proxy configuration of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	metadata, err := nodeMetadata(pod, c, env, config)
	if err != nil {
		return Identity{}, fmt.Errorf("put together the node metadata of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	discovery := config["discoveryAddress"].(string)
	return Identity{
		ID:          fmt.Sprintf("%s~%s~%s.%s~%s", c.Args[1], pod.Status.PodIP, pod.Name, pod.Namespace, dnsDomain(pod, c, env)),
		Cluster:     serviceCluster(pod),
		Metadata:    metadata,
		Discovery:   discovery,
		CA:          either(env.Get("CA_ADDR"), discovery),
		ClusterID:   either(env.Get("ISTIO_META_CLUSTER_ID"), "Kubernetes"),
		TrustDomain: either(env.Get("TRUST_DOMAIN"), "cluster.local"),
		Version:     imageVersion(c.Image),
	}, nil
}

// dnsDomain is the --domain argument, by default the namespace's.
func dnsDomain(pod *corev1.Pod, c *corev1.Container, env podview.Vars) string {
	args := podview.Arguments(c, env)
	if i := slices.Index(args, "--domain"); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return pod.Namespace + ".svc.cluster.local"
}

func serviceCluster(pod *corev1.Pod) string {
	return either(pod.Labels["app"], "istio-proxy") + "." + pod.Namespace
}

// imageVersion is what the image's tag says: the lab's images are tagged by version.
func imageVersion(image string) string {
	_, tag, ok := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if !ok {
		return "unknown"
	}
	return tag
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
