// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// readRollouts reads Argo's Rollouts; where they are not served there are none.
func (c *Cluster) readRollouts(ctx context.Context, l *look) error {
	if is, err := c.serves(ctx, argoAPI); !is || err != nil {
		return err
	}
	for next := ""; ; {
		var page struct {
			metav1.ListMeta `json:"metadata"`
			Items           []argoRollout `json:"items"`
		}
		body, err := c.plain.Get().AbsPath("/apis", argoAPI, "rollouts").Param("limit", fmt.Sprint(pageSize)).Param("continue", next).Do(ctx).Raw()
		if err != nil {
			return reading("Rollouts of Argo", err)
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return fmt.Errorf("read Rollouts of Argo: %w", err)
		}
		for i := range page.Items {
			l.found.rollouts = append(l.found.rollouts, rolloutOf(&page.Items[i], c.Now()))
		}
		if next = page.Continue; next == "" {
			return nil
		}
	}
}

// rolloutOf is a Rollout in the mesh's terms. A restart leaves its template as it
// is, but for a label that binds its pods, so that its pods are told apart by when
// they were made, and the digest of what it is holds the time of the restart.
func rolloutOf(r *argoRollout, now time.Time) controller {
	c := controllerOn(mesh.ArgoRollout, &r.ObjectMeta, &r.Spec.Template)
	c.Resource, c.SelectsRevision = "rollouts", selectsRevision(r.Spec.Selector)
	c.API, c.Replicas, c.bySince = argoAPI, int(replicas(r.Spec.Replicas)), true
	c.current = func(generations) current { return current{} }
	c.RestartAnnotation = stampOf(r.Annotations)
	c.since = c.RestartAnnotation.At
	if at := r.Spec.RestartAt; at != nil && at.After(c.since) && !at.After(now) {
		c.since = at.UTC()
	}
	if !c.since.IsZero() {
		c.Template.Hash += " " + c.since.UTC().Format(time.RFC3339)
	}
	if ref := r.Spec.WorkloadRef; ref != nil {
		c.lender = ref.Kind + " " + r.Namespace + "/" + ref.Name
		c.TemplateFrom = c.lender
	}
	if r.Status.Phase == "Degraded" || r.Status.Phase == "Progressing" {
		c.Rollout.Message = said("phase "+r.Status.Phase, "", r.Status.Message)
	}
	return c
}

// older reports whether a pod of a Rollout bears another label istio.io/rev than its
// template: while its strategy rolls that out, its stable ReplicaSet may make pods
// anew, which are no newer for it.
func (c controller) older(p pod) bool {
	label, is := c.Template.Labels[mesh.RevisionLabel]
	return is && c.Kind == mesh.ArgoRollout && p.labels[mesh.RevisionLabel] != label
}

// borrowed is a Rollout with the template of the Deployment that lends it one, or
// with what its pods show of it.
func (r readings) borrowed(c controller, pods []pod) controller {
	if c.lender == "" {
		return c
	}
	at := c.Template.Hash
	for _, d := range r.deployments {
		if d.Key() == c.lender {
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

// standing judges a workload whose pods are told apart by when they were made: as
// many as are wanted, all ready, none on its way out. Those from before count: what
// they carry is judged by itself, and where that is right nobody has to wait until
// a disruption budget lets them go.
func standing(w mesh.Workload) mesh.Rollout {
	r, ready := w.Rollout, 0
	said := r.Message
	r.Message = ""
	for _, p := range w.Pods {
		switch {
		case p.Terminating:
			r.Message = fmt.Sprintf("pod %s is on its way out", p.Name)
		case !p.Ready:
			r.Message = fmt.Sprintf("pod %s: %s", p.Name, p.Problem)
		default:
			ready++
		}
	}
	if r.Message == "" && ready < w.Replicas {
		r.Message = fmt.Sprintf("%d of %d pods are ready", ready, w.Replicas)
	}
	if r.Done = r.Message == ""; !r.Done && said != "" {
		r.Message += "; " + said
	}
	return r
}
