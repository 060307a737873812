// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/rerig/rerig/lab/internal/hollow/endpoints"
)

// Names that injection uses.
const (
	// rootVolume contains the root certificates, from a ConfigMap that istiod maintains.
	rootVolume    = "istiod-ca-cert"
	rootConfigMap = "istio-ca-root-cert"
	rootKey       = "root-cert.pem"
	// tokenVolume contains the pod's token for its control plane.
	tokenVolume     = "istio-token"
	defaultAudience = "istio-ca"
	tokenLifetime   = 12 * time.Hour
)

// podNetwork connects a pod to its control plane. It implements proxy.Network.
type podNetwork struct {
	proxy *podProxy

	mu      sync.Mutex
	token   string
	expires time.Time
}

// Dial implements proxy.Network.
func (n *podNetwork) Dial(ctx context.Context, hostport string) (net.Conn, error) {
	pod, err := endpoints.PickReady(n.proxy.manager.Cluster, hostport)
	if err != nil {
		return nil, err
	}
	local, err := n.proxy.manager.Routes.Resolve(pod)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", local)
}

// Root implements proxy.Network.
func (n *podNetwork) Root(ctx context.Context) ([]byte, error) {
	pod := n.proxy.currentPod()
	name := rootConfigMap
	for _, v := range pod.Spec.Volumes {
		if v.Name == rootVolume && v.ConfigMap != nil {
			name = v.ConfigMap.Name
		}
	}
	cm, err := n.proxy.manager.Cluster.ConfigMap(ctx, pod.Namespace, name)
	if err != nil {
		return nil, err
	}
	if cm == nil || cm.Data[rootKey] == "" {
		return nil, fmt.Errorf("ConfigMap %s/%s has no key %s", pod.Namespace, name, rootKey)
	}
	return []byte(cm.Data[rootKey]), nil
}

// Token implements proxy.Network. A token is reused for 80 % of its lifetime.
func (n *podNetwork) Token(ctx context.Context) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Now().Before(n.expires) {
		return n.token, nil
	}
	pod := n.proxy.currentPod()
	token, err := n.proxy.manager.Cluster.Token(ctx, pod, tokenAudience(pod), int64(tokenLifetime/time.Second))
	if err != nil {
		return "", err
	}
	n.token, n.expires = token, time.Now().Add(tokenLifetime*8/10)
	return token, nil
}

// tokenAudience returns the audience of the pod's token volume.
func tokenAudience(pod *corev1.Pod) string {
	for _, v := range pod.Spec.Volumes {
		if v.Name != tokenVolume || v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.ServiceAccountToken != nil {
				return s.ServiceAccountToken.Audience
			}
		}
	}
	return defaultAudience
}
