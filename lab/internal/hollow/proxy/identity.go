// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/hollow/podview"
)

// Container returns the pod's proxy container, or nil. A native sidecar is an init container. The
// command line ("proxy sidecar", "proxy router") identifies it, since other containers may have its
// name.
func Container(pod *corev1.Pod) *corev1.Container {
	all := slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers)
	for i := range all {
		if all[i].Name == "istio-proxy" && len(all[i].Args) >= 2 && all[i].Args[0] == "proxy" {
			return &all[i]
		}
	}
	return nil
}

// Identity is how a proxy identifies itself to its control plane.
type Identity struct {
	// ID is the node ID: TYPE~IP~POD.NAMESPACE~DOMAIN.
	ID string
	// Cluster is the node's service cluster.
	Cluster string
	// Metadata is the node metadata that pilot-agent of this version sends.
	Metadata map[string]any
	// Discovery and CA are host:port of the control plane, by Service name.
	Discovery, CA string
	// ClusterID is sent with each call.
	ClusterID string
	// TrustDomain is part of the workload's SPIFFE identity.
	TrustDomain string
	// Version is the Istio version of the proxy.
	Version string
}

// MeshFile is the path of the mesh configuration in a gateway's pod. Sidecars get an environment
// variable instead.
const MeshFile = "/etc/istio/config/mesh"

// Identify returns the identity of an injected pod. env is the environment of its proxy container,
// and mesh the content of MeshFile or empty (Istio 1.29.1 pilot/cmd/pilot-agent/app/cmd.go and
// pkg/bootstrap/config.go).
func Identify(pod *corev1.Pod, c *corev1.Container, env podview.Vars, mesh string) (Identity, error) {
	config, err := proxyConfig(pod, env, mesh)
	if err != nil {
		return Identity{}, fmt.Errorf("build the proxy configuration of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	metadata, err := nodeMetadata(pod, c, env, config)
	if err != nil {
		return Identity{}, fmt.Errorf("build the node metadata of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	discovery := config["discoveryAddress"].(string)
	return Identity{
		ID:          fmt.Sprintf("%s~%s~%s.%s~%s", c.Args[1], pod.Status.PodIP, pod.Name, pod.Namespace, dnsDomain(pod, c, env)),
		Cluster:     serviceCluster(pod),
		Metadata:    metadata,
		Discovery:   discovery,
		CA:          cmp.Or(env.Get("CA_ADDR"), discovery),
		ClusterID:   cmp.Or(env.Get("ISTIO_META_CLUSTER_ID"), "Kubernetes"),
		TrustDomain: cmp.Or(env.Get("TRUST_DOMAIN"), "cluster.local"),
		Version:     imageVersion(c.Image),
	}, nil
}

// dnsDomain returns the --domain argument, or the namespace's default domain.
func dnsDomain(pod *corev1.Pod, c *corev1.Container, env podview.Vars) string {
	args := podview.Arguments(c, env)
	if i := slices.Index(args, "--domain"); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return pod.Namespace + ".svc.cluster.local"
}

func serviceCluster(pod *corev1.Pod) string {
	return cmp.Or(pod.Labels["app"], "istio-proxy") + "." + pod.Namespace
}

// imageVersion returns the tag of an image. The lab's images are tagged with the version.
func imageVersion(image string) string {
	_, tag, ok := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if !ok {
		return "unknown"
	}
	return tag
}
