// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// way is how a webhook is reached: at its URL, or through a port-forward to one
// ready pod behind its Service. The API server's own proxy would do as well, but
// does not verify the webhook's certificate.
type way struct {
	url    string
	client *http.Client
	close  func()
}

func (c *Cluster) wayTo(ctx context.Context, hook admissionv1.WebhookClientConfig) (*way, error) {
	if hook.URL != nil {
		client, err := trusting(hook.CABundle, nil)
		if err != nil {
			return nil, err
		}
		return &way{*hook.URL, client, client.CloseIdleConnections}, nil
	}
	if hook.Service == nil {
		return nil, fmt.Errorf("its configuration names neither a Service nor a URL")
	}
	at, err := c.behind(ctx, hook.Service)
	if err != nil {
		return nil, err
	}
	f := &forward{config: c.pods.config, at: at}
	client, err := trusting(hook.CABundle, func(ctx context.Context, _, _ string) (net.Conn, error) { return f.dial(ctx) })
	if err != nil {
		return nil, err
	}
	path := ""
	if hook.Service.Path != nil {
		path = *hook.Service.Path
	}
	return &way{fmt.Sprintf("https://%s.%s.svc%s", hook.Service.Name, hook.Service.Namespace, path), client,
		func() { client.CloseIdleConnections(); f.close() }}, nil
}

// behind is the port of one ready pod that a webhook's Service leads to.
func (c *Cluster) behind(ctx context.Context, s *admissionv1.ServiceReference) (endpoint, error) {
	what := fmt.Sprintf("Service %s/%s", s.Namespace, s.Name)
	services, err := c.services(ctx, s.Namespace)
	if err != nil {
		return endpoint{}, err
	}
	n := slices.IndexFunc(services, func(o corev1.Service) bool { return o.Name == s.Name })
	if n < 0 || len(services[n].Spec.Selector) == 0 {
		return endpoint{}, fmt.Errorf("there is no %s that selects pods", what)
	}
	service, number := services[n], int32(443)
	if s.Port != nil {
		number = *s.Port
	}
	i := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == number })
	if i < 0 {
		return endpoint{}, fmt.Errorf("%s has no port %d", what, number)
	}
	at := endpoint{}
	err = reading("Pods behind "+what, pages(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String()}, c.core.Pods(s.Namespace).List,
		func(page *corev1.PodList) {
			for n := range page.Items {
				p := &page.Items[n]
				if port := portOf(p, service.Spec.Ports[i]); ready(p) && p.DeletionTimestamp == nil && port > 0 {
					at = endpoint{p.Namespace, p.Name, string(p.UID), port}
				}
			}
		}))
	if err == nil && at.name == "" {
		err = fmt.Errorf("no ready pod stands behind %s", what)
	}
	return at, err
}

// services are those of a namespace.
func (c *Cluster) services(ctx context.Context, namespace string) ([]corev1.Service, error) {
	var list []corev1.Service
	err := pages(ctx, metav1.ListOptions{}, c.core.Services(namespace).List, func(page *corev1.ServiceList) { list = append(list, page.Items...) })
	return list, reading("Services in "+namespace, err)
}

// portOf is the port of a pod that a Service's port leads to, 0 when it has none.
func portOf(p *corev1.Pod, s corev1.ServicePort) int {
	if s.TargetPort.Type == intstr.Int {
		return int(cmp.Or(s.TargetPort.IntVal, s.Port))
	}
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.Name == s.TargetPort.StrVal {
				return int(port.ContainerPort)
			}
		}
	}
	return 0
}
