// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admission "k8s.io/api/admission/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/podconn"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/engine"
)

// reviewLimit bounds a webhook's answer.
const reviewLimit = 8 << 20

// inject returns a new pod as a revision's own webhook would change it. It calls the
// webhook as its live configuration says. Nothing is created.
func (s shared) inject(ctx context.Context, revision string, pod *corev1.Pod) (*corev1.Pod, error) {
	config, err := s.webhookOf(ctx, revision)
	if err != nil {
		return nil, err
	}
	call, err := s.callTo(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("reach the injection webhook of revision %s: %w", revision, err)
	}
	defer call.close()
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, fmt.Errorf("write a pod: %w", err)
	}
	answer, err := s.review(ctx, call, raw, pod.Namespace)
	if err != nil {
		return nil, fmt.Errorf("ask the injection webhook of revision %s: %w", revision, err)
	}
	return applyReview(raw, answer, revision)
}

// webhookOf returns how a revision's own webhook is called, not that of a tag.
func (s shared) webhookOf(ctx context.Context, revision string) (admissionv1.WebhookClientConfig, error) {
	all, err := s.injectors(ctx)
	if err != nil {
		return admissionv1.WebhookClientConfig{}, err
	}
	m, _ := all.ofRevision(revision)
	for _, h := range slices.Backward(m.Webhooks) {
		if len(h.ClientConfig.CABundle) > 0 {
			return h.ClientConfig, nil
		}
	}
	return admissionv1.WebhookClientConfig{}, fmt.Errorf("revision %s has no injection webhook with a certificate authority", revision)
}

// review sends one AdmissionReview, as the API server does for a dry run.
func (s shared) review(ctx context.Context, call *webhookCall, pod []byte, namespace string) (*admission.AdmissionResponse, error) {
	timeout := s.pods.Timeout()
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	dry := true
	body, err := json.Marshal(admission.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admission.AdmissionRequest{
			UID: types.UID(rand.Text()), Kind: metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"}, Namespace: namespace,
			Operation: admission.Create, DryRun: &dry, Object: runtime.RawExtension{Raw: pod},
		},
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, call.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := call.client.Do(request)
	if err != nil {
		return nil, podconn.Cause(ctx, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(http.MaxBytesReader(nil, answer.Body, reviewLimit))
	if err != nil {
		return nil, podconn.Cause(ctx, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s %s", answer.Status, text[:min(len(text), 200)])
	}
	var review admission.AdmissionReview
	if err := json.Unmarshal(text, &review); err != nil || review.Response == nil {
		return nil, fmt.Errorf("its answer is no AdmissionReview: %.200s", text)
	}
	return review.Response, nil
}

// applyReview applies a webhook's answer to the pod that was sent to it.
func applyReview(pod []byte, answer *admission.AdmissionResponse, revision string) (*corev1.Pod, error) {
	if !answer.Allowed {
		reason := "no reason given"
		if answer.Result != nil {
			reason = answer.Result.Message
		}
		return nil, fmt.Errorf("%w: the injection webhook of revision %s rejects the pod: %s", engine.ErrRefused, revision, reason)
	}
	if len(answer.Patch) == 0 {
		return nil, fmt.Errorf("%w: the injection webhook of revision %s adds no sidecar to the pod", engine.ErrRefused, revision)
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		return nil, fmt.Errorf("read the patch of the injection webhook of revision %s: %w", revision, err)
	}
	if pod, err = patch.Apply(pod); err != nil {
		return nil, fmt.Errorf("apply the patch of the injection webhook of revision %s: %w", revision, err)
	}
	var p corev1.Pod
	if err := json.Unmarshal(pod, &p); err != nil {
		return nil, fmt.Errorf("read the pod as the injection webhook of revision %s changed it: %w", revision, err)
	}
	if s := sidecarOf(&p); s.Revision != revision {
		return nil, fmt.Errorf("%w: the injection webhook of revision %s adds a sidecar of revision %q", engine.ErrRefused, revision, s.Revision)
	}
	return &p, nil
}

// webhookCall is how a webhook is reached: at its URL, or through a port-forward to
// a ready pod of its Service. The API server's own proxy does not verify the
// webhook's certificate.
type webhookCall struct {
	url    string
	client *http.Client
	close  func()
}

func (s shared) callTo(ctx context.Context, hook admissionv1.WebhookClientConfig) (*webhookCall, error) {
	if hook.URL != nil {
		c, err := trusting(hook.CABundle, nil)
		if err != nil {
			return nil, err
		}
		return &webhookCall{url: *hook.URL, client: c, close: c.CloseIdleConnections}, nil
	}
	if hook.Service == nil {
		return nil, errors.New("its configuration has neither a Service nor a URL")
	}
	at, err := s.podBehind(ctx, hook.Service)
	if err != nil {
		return nil, err
	}
	f := podconn.NewForward(s.api.Config, at)
	c, err := trusting(hook.CABundle, func(ctx context.Context, _, _ string) (net.Conn, error) { return f.Dial(ctx) })
	if err != nil {
		return nil, err
	}
	path := ""
	if hook.Service.Path != nil {
		path = *hook.Service.Path
	}
	return &webhookCall{
		url:    "https://" + webhookHost(hook.Service) + path,
		client: c,
		close:  func() { c.CloseIdleConnections(); f.Close() },
	}, nil
}

// trusting returns a client that trusts a webhook's caBundle alone.
func trusting(bundle []byte, dial func(context.Context, string, string) (net.Conn, error)) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, errors.New("its caBundle has no certificate")
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: config}}, nil
}

// podBehind returns the port of a ready pod behind a webhook's Service.
func (s shared) podBehind(ctx context.Context, ref *admissionv1.ServiceReference) (podconn.Endpoint, error) {
	none, what := podconn.Endpoint{}, fmt.Sprintf("Service %s/%s", ref.Namespace, ref.Name)
	services, err := s.services(ctx, ref.Namespace)
	if err != nil {
		return none, err
	}
	n := slices.IndexFunc(services, func(o corev1.Service) bool { return o.Name == ref.Name })
	if n < 0 || len(services[n].Spec.Selector) == 0 {
		return none, fmt.Errorf("no %s selects pods", what)
	}
	service, number := services[n], webhookPort(ref)
	i := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == number })
	if i < 0 {
		return none, fmt.Errorf("%s has no port %d", what, number)
	}
	at := none
	err = client.List(ctx, client.Selected(labels.SelectorFromSet(service.Spec.Selector).String()), s.api.CoreV1().Pods(ref.Namespace).List,
		func() { at = none }, func(page *corev1.PodList) {
			for n := range page.Items {
				p := &page.Items[n]
				if port := podPort(p, service.Spec.Ports[i]); ready(p) && p.DeletionTimestamp == nil && port > 0 {
					at = podconn.Endpoint{Namespace: p.Namespace, Name: p.Name, UID: string(p.UID), Port: port}
				}
			}
		})
	if err == nil && at == none {
		return at, fmt.Errorf("no pod behind %s is ready", what)
	}
	return at, client.ReadError("Pods behind "+what, err)
}

// injectorCall is how some injection webhooks are called.
type injectorCall struct {
	config  admissionv1.WebhookClientConfig
	hooks   [][2]string // the webhooks, each with its configuration
	reached bool        // a running istiod pod is behind it
}

// addInjectors notes how the injection webhooks of a configuration are called, if
// they have a CA bundle: without one nobody's certificate is valid.
func (o *observation) addInjectors(m *admissionv1.MutatingWebhookConfiguration) {
	for _, h := range m.Webhooks {
		if !injects(h) || len(h.ClientConfig.CABundle) == 0 {
			continue
		}
		n := slices.IndexFunc(o.injectors, func(c injectorCall) bool { return reflect.DeepEqual(c.config, h.ClientConfig) })
		if n < 0 {
			n, o.injectors = len(o.injectors), append(o.injectors, injectorCall{config: h.ClientConfig})
		}
		o.injectors[n].hooks = append(o.injectors[n].hooks, [2]string{m.Name, h.Name})
	}
}

// webhookCalls returns how the API server calls the injection webhooks of an istiod
// pod: through a Service that selects it.
func (o *observation) webhookCalls(p *corev1.Pod) []proxy.WebhookCall {
	var list []proxy.WebhookCall
	for n := range o.injectors {
		c := &o.injectors[n]
		s, selects := o.selectingService(c.config)
		if !selects || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.Labels)) {
			continue
		}
		for _, port := range s.Spec.Ports {
			if number := podPort(p, port); number > 0 && port.Port == webhookPort(c.config.Service) {
				c.reached = true
				list = append(list, proxy.WebhookCall{Host: webhookHost(c.config.Service), Port: number, Bundle: c.config.CABundle})
			}
		}
	}
	return list
}

// selectingService returns the Service of the root namespace that a webhook calls, if
// that selects pods.
func (o *observation) selectingService(c admissionv1.WebhookClientConfig) (corev1.Service, bool) {
	for _, s := range o.selecting {
		if c.Service != nil && c.Service.Namespace == s.Namespace && c.Service.Name == s.Name {
			return s, true
		}
	}
	return corev1.Service{}, false
}

// markUnreached marks the webhooks that call no running istiod, and those of which that
// is not known: others may serve a URL, or a Service that selects no pods. A Service
// that does not exist is missing from its revision.
func (o *observation) markUnreached() {
	for _, c := range o.injectors {
		_, selects := o.selectingService(c.config)
		for i := range o.world.Webhooks {
			h := &o.world.Webhooks[i]
			if slices.Contains(c.hooks, [2]string{h.Configuration, h.Name}) {
				h.NoIstiod, h.NotVerified = selects && !c.reached, !selects
			}
		}
	}
}

// webhookPort returns the port of a Service that the API server calls.
func webhookPort(s *admissionv1.ServiceReference) int32 {
	if s.Port == nil {
		return 443
	}
	return *s.Port
}

// webhookHost returns the name by which the API server calls a Service.
func webhookHost(s *admissionv1.ServiceReference) string { return s.Name + "." + s.Namespace + ".svc" }

// services lists the Services of a namespace.
func (s shared) services(ctx context.Context, namespace string) ([]corev1.Service, error) {
	var list []corev1.Service
	err := client.List(ctx, allObjects, s.api.CoreV1().Services(namespace).List, func() { list = nil },
		func(page *corev1.ServiceList) { list = append(list, page.Items...) })
	return list, client.ReadError("Services in "+namespace, err)
}

// podPort returns the port of a pod behind a Service's port, 0 if it has none.
func podPort(p *corev1.Pod, s corev1.ServicePort) int {
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
