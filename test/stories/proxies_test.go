// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// link is an istiod's state of one connected proxy.
type link struct {
	Proxy     string `json:"proxy"` // pod.namespace
	Version   string `json:"istio_version"`
	Resources map[string]struct {
		Sent      string `json:"sent"`
		Acked     string `json:"acked"`
		LastError string `json:"lastError"`
	} `json:"resources"`
}

// fault returns what is wrong with the link, or "" when everything is acknowledged.
func (k link) fault() string {
	for _, short := range []string{"Cluster", "Listener"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(k.Resources)), func(url string) bool {
			return strings.HasSuffix(url,
				"."+short)
		}) {
			return k.Proxy + " was sent no " + short
		}
	}
	for url, r := range k.Resources {
		if r.LastError != "" {
			return fmt.Sprintf("%s refused %s: %s", k.Proxy, url, r.LastError)
		}
		if r.Sent != r.Acked {
			return fmt.Sprintf("%s has not acknowledged %s", k.Proxy, url)
		}
	}
	return ""
}

// proxies returns the proxies that the istiods of a revision serve, by pod.namespace.
func (l *lab) proxies(t *testing.T, revision string) (map[string]link, error) {
	t.Helper()
	pods, err := l.core.Pods("istio-system").List(t.Context(), metav1.ListOptions{LabelSelector: "app=istiod,istio.io/rev=" + revision})
	if err != nil {
		return nil, fmt.Errorf("list the istiods of %s: %w", revision, err)
	}
	links := map[string]link{}
	for _, pod := range pods.Items {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		out, err := l.debugPage(pod.Name, "/debug/syncz")
		if err != nil {
			return nil, fmt.Errorf("ask %s which proxies it serves: %w", pod.Name, err)
		}
		var list []link
		if err := json.Unmarshal(out, &list); err != nil {
			return nil, fmt.Errorf("read what %s serves: %w: %.200s", pod.Name, err, out)
		}
		for _, k := range list {
			links[k.Proxy] = k
		}
	}
	return links, nil
}

// debugPage returns a page of an istiod pod's port 15014, through a port-forward.
func (l *lab) debugPage(pod, page string) ([]byte, error) {
	transport, upgrader, err := spdy.RoundTripperFor(l.config)
	if err != nil {
		return nil, err
	}
	to := l.core.RESTClient().Post().Namespace("istio-system").Resource("pods").Name(pod).SubResource("portforward").URL()
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, to)
	stop, ready, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	forward, err := portforward.New(dialer, []string{"0:15014"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	go func() { ended <- forward.ForwardPorts() }()
	defer close(stop)
	select {
	case <-ready:
	case err := <-ended:
		return nil, fmt.Errorf("forward its port: %w", err)
	case <-time.After(10 * time.Second):
		return nil, fmt.Errorf("forward its port: no answer in 10 s")
	}
	ports, err := forward.GetPorts()
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", ports[0].Local, page))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", answer.Status)
	}
	return io.ReadAll(answer.Body)
}
