// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// errNotReady reports that a control plane was not ready in time.
var errNotReady = errors.New("the control plane was not ready in time")

var (
	deploymentResource = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	serviceResource    = schema.GroupVersionResource{Version: "v1", Resource: "services"}

	mutatingWebhookResource = schema.GroupVersionResource{
		Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations",
	}
)

// readinessWait waits for a control plane: its istiod Deployment is ready, its Service exists, and
// istiod has written the CA bundle of its webhook. These are the conditions of the check before the
// waves that the API server can answer.
type readinessWait struct {
	cluster      dynamic.Interface
	root         string
	revision     string
	timeout      time.Duration // 0 means 5m
	log          func(string)
	pollInterval time.Duration // 0 means 1s
}

// wait returns once the control plane is ready. It logs what it waits for whenever that changes.
func (w readinessWait) wait(ctx context.Context) error {
	limit, every := w.timeout, w.pollInterval
	if limit == 0 {
		limit = 5 * time.Minute
	}
	if every == 0 {
		every = time.Second
	}
	over := time.NewTimer(limit)
	defer over.Stop()
	last := ""
	for {
		missing, err := w.missingParts(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			missing = []string{err.Error()}
		case len(missing) == 0:
			return nil
		}
		if lacks := strings.Join(missing, "; "); lacks != last && w.log != nil {
			w.log("waiting: " + lacks)
			last = lacks
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over.C:
			return fmt.Errorf("%w (%s): %s", errNotReady, limit, strings.Join(missing, "; "))
		case <-time.After(every):
		}
	}
}

// missingParts describes what the control plane lacks.
func (w readinessWait) missingParts(ctx context.Context) ([]string, error) {
	var lacks []string
	selector := revisionLabel + "=" + w.revision + ",!" + tagLabel
	own := metav1.ListOptions{LabelSelector: "app=istiod," + selector}
	istiods, err := w.cluster.Resource(deploymentResource).Namespace(w.root).List(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("list istiod Deployments in namespace %s: %w", w.root, err)
	}
	if len(istiods.Items) == 0 {
		lacks = append(lacks, fmt.Sprintf("no Deployment of istiod with %s=%s in %s", revisionLabel, w.revision, w.root))
	}
	for _, d := range istiods.Items {
		if short := unreadyReason(&d); short != "" {
			lacks = append(lacks, short+w.podProblems(ctx, own))
		}
	}
	found, err := w.cluster.Resource(serviceResource).Namespace(w.root).List(ctx, own)
	if err != nil {
		return nil, fmt.Errorf("list Services in namespace %s: %w", w.root, err)
	}
	if len(found.Items) == 0 {
		lacks = append(lacks, fmt.Sprintf("no Service of istiod with %s=%s in %s", revisionLabel, w.revision, w.root))
	}
	hooks, err := w.cluster.Resource(mutatingWebhookResource).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list injection webhooks: %w", err)
	}
	if len(hooks.Items) == 0 {
		lacks = append(lacks, fmt.Sprintf("no MutatingWebhookConfiguration with %s=%s", revisionLabel, w.revision))
	}
	for _, h := range hooks.Items {
		if !hasCABundle(&h) {
			lacks = append(lacks, fmt.Sprintf("MutatingWebhookConfiguration %s has no CA bundle from istiod yet", h.GetName()))
		}
	}
	return lacks, nil
}

// unreadyReason describes what a Deployment waits for, with the message of its conditions if there
// is one.
func unreadyReason(d *unstructured.Unstructured) string {
	number := func(path ...string) int64 {
		n, _, _ := unstructured.NestedInt64(d.Object, path...)
		return n
	}
	wanted, ready, updated := number("spec", "replicas"), number("status", "readyReplicas"), number("status", "updatedReplicas")
	if number("status", "observedGeneration") >= d.GetGeneration() && ready >= wanted && updated >= wanted && wanted > 0 {
		return ""
	}
	what := fmt.Sprintf("Deployment %s/%s: %d of %d ready", d.GetNamespace(), d.GetName(), min(ready, updated), wanted)
	conditions, _, _ := unstructured.NestedSlice(d.Object, "status", "conditions")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		kind := nestedString(condition, "type")
		if kind == "ReplicaFailure" || kind == "Progressing" && nestedString(condition, "status") == "False" {
			what += " (" + nestedString(condition, "message") + ")"
		}
	}
	return what
}

func hasCABundle(hook *unstructured.Unstructured) bool {
	hooks, _, _ := unstructured.NestedSlice(hook.Object, "webhooks")
	for _, h := range hooks {
		webhook, _ := h.(map[string]any)
		if nestedString(webhook, "clientConfig", "caBundle") == "" {
			return false
		}
	}
	return len(hooks) > 0
}

var podResource = schema.GroupVersionResource{Version: "v1", Resource: "pods"}

// podProblems describes why the pods of istiod are not ready: a waiting container, or a pod without
// a node. It is informational, so errors are ignored.
func (w readinessWait) podProblems(ctx context.Context, own metav1.ListOptions) string {
	list, err := w.cluster.Resource(podResource).Namespace(w.root).List(ctx, own)
	if err != nil {
		return ""
	}
	var lines []string
	for _, p := range list.Items {
		lines = append(lines, containerProblems(&p, "status", "containerStatuses")...)
		conditions, _, _ := unstructured.NestedSlice(p.Object, "status", "conditions")
		for _, c := range conditions {
			condition, _ := c.(map[string]any)
			if nestedString(condition, "type") == "PodScheduled" && nestedString(condition, "status") == "False" {
				lines = append(lines, nestedString(condition, "message"))
			}
		}
	}
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) == 0 {
		return ""
	}
	return " (" + strings.Join(lines, "; ") + ")"
}

// containerProblems returns why containers of a pod wait or ended.
func containerProblems(pod *unstructured.Unstructured, path ...string) []string {
	var lines []string
	statuses, _, _ := unstructured.NestedSlice(pod.Object, path...)
	for _, s := range statuses {
		status, _ := s.(map[string]any)
		for _, state := range []string{"waiting", "terminated"} {
			if reason := nestedString(status, "state", state, "reason"); reason != "" && reason != "ContainerCreating" {
				lines = append(lines, strings.TrimSuffix(reason+": "+nestedString(status, "state", state, "message"), ": "))
			}
		}
	}
	return lines
}
