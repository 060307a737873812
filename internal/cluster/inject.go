// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admission "k8s.io/api/admission/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/engine"
)

// longestReview bounds a webhook's answer.
const longestReview = 8 << 20

// injected asks a revision's own webhook, as its live configuration says that it
// is called, what it would make of a new pod. Nothing is created.
func (c *Cluster) injected(ctx context.Context, revision string, pod *corev1.Pod) (*corev1.Pod, error) {
	hook, err := c.injector(ctx, revision)
	if err != nil {
		return nil, err
	}
	way, err := c.wayTo(ctx, hook)
	if err != nil {
		return nil, fmt.Errorf("reach the injection webhook of revision %s: %w", revision, err)
	}
	defer way.close()
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, fmt.Errorf("write a pod: %w", err)
	}
	answer, err := c.review(ctx, way, raw, pod.Namespace)
	if err != nil {
		return nil, fmt.Errorf("ask the injection webhook of revision %s: %w", revision, err)
	}
	return patched(raw, answer, revision)
}

// injector finds a revision's own webhook, not that of a tag.
func (c *Cluster) injector(ctx context.Context, revision string) (admissionv1.WebhookClientConfig, error) {
	var found *admissionv1.WebhookClientConfig
	err := reading("MutatingWebhookConfigurations", pages(ctx, metav1.ListOptions{}, c.admission.MutatingWebhookConfigurations().List,
		func(page *admissionv1.MutatingWebhookConfigurationList) {
			for i := range page.Items {
				m := &page.Items[i]
				if len(webhooksOf(m)) == 0 || revisionOf(m.Labels) != revision || m.Labels[tagLabel] != "" || found != nil {
					continue
				}
				for _, h := range m.Webhooks {
					if len(h.ClientConfig.CABundle) > 0 {
						found = h.ClientConfig.DeepCopy()
					}
				}
			}
		}))
	if err == nil && found == nil {
		err = fmt.Errorf("revision %s has no injection webhook with a certificate authority", revision)
	}
	if err != nil {
		return admissionv1.WebhookClientConfig{}, err
	}
	return *found, nil
}

// review sends one AdmissionReview, as the API server would for a dry run.
func (c *Cluster) review(ctx context.Context, way *way, pod []byte, namespace string) (*admission.AdmissionResponse, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Patience, fmt.Errorf("no answer within %s", c.Patience))
	defer cancel()
	dry := true
	body, err := json.Marshal(admission.AdmissionReview{TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admission.AdmissionRequest{UID: types.UID(rand.Text()), Kind: metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"}, Namespace: namespace, Operation: admission.Create,
			DryRun: &dry, Object: runtime.RawExtension{Raw: pod}}})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, way.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := way.client.Do(request)
	if err != nil {
		return nil, why(ctx, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(&bounded{answer.Body, longestReview})
	if err != nil {
		return nil, why(ctx, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s %s", answer.Status, text[:min(len(text), 200)])
	}
	var review admission.AdmissionReview
	if err := json.Unmarshal(text, &review); err != nil || review.Response == nil {
		return nil, fmt.Errorf("it answered no AdmissionReview: %.200s", text)
	}
	return review.Response, nil
}

// patched applies a webhook's answer to the pod that it was asked about.
func patched(pod []byte, answer *admission.AdmissionResponse, revision string) (*corev1.Pod, error) {
	if !answer.Allowed {
		said := "nothing"
		if answer.Result != nil {
			said = answer.Result.Message
		}
		return nil, fmt.Errorf("%w: the injection webhook of revision %s refuses the pod: %s", engine.ErrRefused, revision, said)
	}
	if len(answer.Patch) == 0 {
		return nil, fmt.Errorf("%w: the injection webhook of revision %s would let the pod through without a sidecar", engine.ErrRefused, revision)
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		return nil, fmt.Errorf("read what the injection webhook of revision %s answered: %w", revision, err)
	}
	if pod, err = patch.Apply(pod); err != nil {
		return nil, fmt.Errorf("apply what the injection webhook of revision %s answered: %w", revision, err)
	}
	var p corev1.Pod
	if err := json.Unmarshal(pod, &p); err != nil {
		return nil, fmt.Errorf("read the pod that the injection webhook of revision %s made: %w", revision, err)
	}
	if s := sidecarOf(&p); s.Revision != revision {
		return nil, fmt.Errorf("%w: the injection webhook of revision %s gives the pod a sidecar of %q", engine.ErrRefused, revision, s.Revision)
	}
	return &p, nil
}

// trusting verifies a server by a webhook's caBundle and nothing else.
func trusting(bundle []byte, dial func(context.Context, string, string) (net.Conn, error)) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("its caBundle holds no certificate")
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}, nil
}
