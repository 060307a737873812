// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/cluster/proxy"
	"github.com/rerig/rerig/internal/mesh"
)

// An istiod pod is called by the injection webhooks whose Service selects it, by the name of
// the Service and at the port behind the Service's port.
func TestWebhooksCallIstiodByService(t *testing.T) {
	const root = "istio-system"
	call := func(service string, port int32, bundle string) admissionv1.MutatingWebhook {
		ref := &admissionv1.ServiceReference{Namespace: root, Name: service}
		if port > 0 {
			ref.Port = &port
		}
		return admissionv1.MutatingWebhook{
			Name:         "rev.namespace." + istio.InjectorSuffix,
			ClientConfig: admissionv1.WebhookClientConfig{Service: ref, CABundle: []byte(bundle)},
		}
	}
	other := call("istiod-1-31-0", 0, "root")
	other.Name = "another.example.com"
	service := func(name, revision string, ports ...corev1.ServicePort) corev1.Service {
		return corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: root, Name: name},
			Spec:       corev1.ServiceSpec{Ports: ports, Selector: map[string]string{"app": istio.App, mesh.RevisionLabel: revision}},
		}
	}
	https := corev1.ServicePort{Name: "https-webhook", Port: 443, TargetPort: intstr.FromInt32(15017)}
	named := corev1.ServicePort{Port: 8443, TargetPort: intstr.FromString("hooks")}
	o := &observation{selecting: []corev1.Service{
		service("istiod-1-29-1", "1-29-1", https), service("istiod-1-31-0", "1-31-0", https, named),
		service("istiod-revision-tag-prod", "1-31-0", https),
	}}
	hooks := &admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{
		call("istiod-1-31-0", 0, "root"), call("istiod-1-31-0", 0, "root"), call("istiod-1-29-1", 0, "root"), other,
		call("istiod-1-31-0", 0, ""), call("istiod-1-31-0", 9999, "root"), call("istiod-elsewhere", 0, "root"),
	}}
	for i := range hooks.Webhooks {
		hooks.Webhooks[i].Name = strconv.Itoa(i) + "." + hooks.Webhooks[i].Name
	}
	o.addInjectors(hooks)
	o.world.Webhooks = webhooksOf(hooks)
	o.addInjectors(&admissionv1.MutatingWebhookConfiguration{Webhooks: []admissionv1.MutatingWebhook{
		call("istiod-revision-tag-prod", 443, "older root"), call("istiod-1-31-0", 8443, "root"),
	}})
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": istio.App, mesh.RevisionLabel: "1-31-0"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "discovery", Ports: []corev1.ContainerPort{{Name: "hooks", ContainerPort: 9443}},
		}}},
	}
	want := []proxy.WebhookCall{
		{Host: "istiod-1-31-0.istio-system.svc", Port: 15017, Bundle: []byte("root")},
		{Host: "istiod-revision-tag-prod.istio-system.svc", Port: 15017, Bundle: []byte("older root")},
		{Host: "istiod-1-31-0.istio-system.svc", Port: 9443, Bundle: []byte("root")},
	}
	if diff := cmp.Diff(want, o.webhookCalls(pod)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	o.markUnreached()
	var got []string
	for _, h := range o.world.Webhooks {
		got = append(got, fmt.Sprintf("%s no istiod %t, not verified %t", h.Name[:1], h.NoIstiod, h.NotVerified))
	}
	marks := []string{"0 no istiod false, not verified false", "1 no istiod false, not verified false",
		"2 no istiod true, not verified false", // of the other revision, whose istiod does not run
		"4 no istiod false, not verified false", "5 no istiod true, not verified false", "6 no istiod false, not verified true"}
	if diff := cmp.Diff(marks, got); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}
