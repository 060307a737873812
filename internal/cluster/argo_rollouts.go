// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

const argoAPI = "argoproj.io/v1alpha1"

// argoRollout is what is read of a Rollout
// (pkg/apis/rollouts/v1alpha1/types.go of Argo Rollouts v1.9.2).
type argoRollout struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Replicas    *int32                 `json:"replicas"`
		Selector    *metav1.LabelSelector  `json:"selector"`
		Template    corev1.PodTemplateSpec `json:"template"`
		WorkloadRef *struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"workloadRef"`
		RestartAt *metav1.Time `json:"restartAt"`
	} `json:"spec"`
	Status struct {
		Phase   string `json:"phase"`
		Message string `json:"message"`
	} `json:"status"`
}

// readRollouts reads Argo's Rollouts. There are none where they are not served.
func (r *Reader) readRollouts(ctx context.Context, o *observation) error {
	if served, err := r.api.Serves(ctx, argoAPI); !served || err != nil {
		return err
	}
	err := client.List(ctx, allObjects, client.JSONPages[argoRollout](r.api, "/apis", argoAPI, "rollouts"), func() { o.found.rollouts = nil },
		func(page *client.Page[argoRollout]) {
			for i := range page.Items {
				o.found.rollouts = append(o.found.rollouts, rolloutOf(&page.Items[i], r.now()))
			}
		})
	return client.ReadError("Rollouts of Argo", err)
}

// rolloutOf converts a Rollout. A restart changes only the labels of its template
// that bind its pods. So its current pods are known by their time of creation, and
// the digest of its template has the time of the restart.
func rolloutOf(r *argoRollout, now time.Time) controller {
	c := controllerOf(mesh.ArgoRollout, &r.ObjectMeta, &r.Spec.Template)
	c.Resource, c.SelectsRevision = "rollouts", client.SelectsRevision(r.Spec.Selector)
	c.APIVersion, c.Replicas, c.byTime = argoAPI, int(replicas(r.Spec.Replicas)), true
	c.current = noneCurrent
	c.RestartAnnotation = restartAnnotations(r.Annotations)
	c.since = c.RestartAnnotation.At
	if at := r.Spec.RestartAt; at != nil && at.After(c.since) && !at.After(now) {
		c.since = at.UTC()
	}
	if !c.since.IsZero() {
		c.Template.Hash += " " + c.since.UTC().Format(time.RFC3339)
	}
	if ref := r.Spec.WorkloadRef; ref != nil {
		c.templateFrom = mesh.RefOf(mesh.Kind(ref.Kind), r.Namespace, ref.Name)
		c.TemplateFrom = c.templateFrom
	}
	if r.Status.Phase == "Degraded" || r.Status.Phase == "Progressing" {
		c.Rollout.Message = joinReason("phase "+r.Status.Phase, "", r.Status.Message)
	}
	return c
}

// hasOldLabel reports whether a pod of a Rollout has another label istio.io/rev than
// its template. While a Rollout rolls out its stable ReplicaSet may create
// such pods: they are new but not current.
func (c controller) hasOldLabel(p pod) bool {
	label, is := c.Template.Labels[mesh.RevisionLabel]
	return is && c.Kind == mesh.ArgoRollout && p.labels[mesh.RevisionLabel] != label
}

// withTemplate returns a Rollout with the template of the Deployment that it uses,
// or with what its pods show of it.
func (r readings) withTemplate(c controller, pods []pod) controller {
	if c.templateFrom == "" {
		return c
	}
	at := c.Template.Hash
	for _, d := range r.deployments {
		if d.Ref() == c.templateFrom {
			c.Template, c.Gateway = d.Template, d.Gateway
			c.Template.Hash += at
			return c
		}
	}
	if len(pods) > 0 {
		c.Template.Labels = pods[0].labels
	}
	return c
}
