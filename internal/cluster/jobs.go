// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/mesh"
)

func (c *Cluster) readCronJobs(ctx context.Context, l *look) error {
	return reading("CronJobs", pages(ctx, metav1.ListOptions{}, c.batch.CronJobs("").List, func(page *batchv1.CronJobList) {
		for i := range page.Items {
			j := &page.Items[i]
			found := controllerOn(mesh.CronJob, &j.ObjectMeta, &j.Spec.JobTemplate.Spec.Template)
			found.Rollout.Done = true
			found.current = func(generations) current { return current{} }
			l.found.cronJobs = append(l.found.cronJobs, found)
		}
	}))
}

// readJobs reads Jobs only where one owns a proxy: to whom they belong, and when
// they end.
func (c *Cluster) readJobs(ctx context.Context, l *look) error {
	if !slices.ContainsFunc(l.found.pods, func(p pod) bool { return p.owner.kind == mesh.Job && p.Sidecar.Present }) {
		return nil
	}
	l.found.ends = map[types.UID]string{}
	return reading("Jobs", pages(ctx, metav1.ListOptions{}, c.batch.Jobs("").List, func(page *batchv1.JobList) {
		for i := range page.Items {
			l.found.links.note(&page.Items[i])
			l.found.ends[page.Items[i].UID] = endOf(&page.Items[i])
		}
	}))
}

// endOf says when a Job ends.
func endOf(j *batchv1.Job) string {
	if j.Spec.ActiveDeadlineSeconds == nil || j.Status.StartTime == nil {
		return "when it completes"
	}
	last := j.Status.StartTime.Add(time.Duration(*j.Spec.ActiveDeadlineSeconds) * time.Second)
	return "when it completes, and at the latest at " + last.UTC().Format(time.RFC3339)
}

// ending joins when the Jobs of these pods end.
func (r readings) ending(pods []pod) string {
	var all []string
	for _, p := range pods {
		if end := r.ends[p.made.uid]; end != "" && !slices.Contains(all, end) {
			all = append(all, end)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", or ")
}
