// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/mesh"
)

func (r *Reader) readCronJobs(ctx context.Context, o *observation) error {
	err := client.List(ctx, allObjects, r.api.BatchV1().CronJobs("").List, func() { o.found.cronJobs = nil },
		func(page *batchv1.CronJobList) {
			for i := range page.Items {
				j := &page.Items[i]
				c := controllerOf(mesh.CronJob, &j.ObjectMeta, &j.Spec.JobTemplate.Spec.Template)
				c.Rollout.Done = true
				o.found.cronJobs = append(o.found.cronJobs, c)
			}
		})
	return client.ReadError("CronJobs", err)
}

// readJobs reads Jobs if one owns a proxy: their owners, and when they end.
func (r *Reader) readJobs(ctx context.Context, o *observation) error {
	if !slices.ContainsFunc(o.found.pods, func(p pod) bool { return p.owner.kind == mesh.Job && p.Sidecar.Present }) {
		return nil
	}
	var jobs ownerChain
	err := client.List(ctx, allObjects, r.api.BatchV1().Jobs("").List,
		func() { jobs, o.found.jobEnds = ownerChain{}, map[types.UID]string{} },
		func(page *batchv1.JobList) {
			for i := range page.Items {
				jobs.add(&page.Items[i])
				o.found.jobEnds[page.Items[i].UID] = endOfJob(&page.Items[i])
			}
		})
	for uid, owner := range jobs {
		o.found.owners[uid] = owner
	}
	return client.ReadError("Jobs", err)
}

// endOfJob returns when a Job ends.
func endOfJob(j *batchv1.Job) string {
	if j.Spec.ActiveDeadlineSeconds == nil || j.Status.StartTime == nil {
		return "when it completes"
	}
	last := j.Status.StartTime.Add(time.Duration(*j.Spec.ActiveDeadlineSeconds) * time.Second)
	return "when it completes, and at the latest at " + last.UTC().Format(time.RFC3339)
}

// endOf returns when the Jobs of these pods end.
func (r readings) endOf(pods []pod) string {
	var all []string
	for _, p := range pods {
		if end := r.jobEnds[p.creator.uid]; end != "" && !slices.Contains(all, end) {
			all = append(all, end)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", or ")
}
