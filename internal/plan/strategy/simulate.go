// SPDX-License-Identifier: Apache-2.0

package strategy

import (
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/binding"
	"github.com/rerig/rerig/internal/step"
)

// SimulateEvict predicts a workload once its template is labelled and the pods of other
// revisions are evicted.
func SimulateEvict(w *mesh.World, s step.Step) {
	if s.TemplateLabel != "" {
		binding.SimulateTemplateLabel(w, s)
	}
	wl, _ := w.Workload(s.Workload())
	for _, p := range podsToEvict(wl, s.To) {
		replacePod(w, s.Workload(), p.Name)
	}
}

// SimulateEvictStuck predicts a workload once one pod is evicted.
func SimulateEvictStuck(w *mesh.World, s step.Step) {
	if evicted, err := s.Pod(); err == nil {
		replacePod(w, s.Workload(), evicted.Name)
	}
}

// replacePod replaces a pod by one that the live webhooks inject.
func replacePod(w *mesh.World, ref mesh.WorkloadRef, pod string) {
	for i, wl := range w.Workloads {
		if wl.Ref() != ref {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		pods := slices.Clone(wl.Pods)
		for j, p := range pods {
			if p.Name == pod && len(by) > 0 {
				pods[j].UID, pods[j].Running, pods[j].Ready = "'"+p.UID, true, true
				pods[j].Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
		}
		w.Workloads[i].Pods = pods
	}
}

// SimulateRestart predicts a workload once it is restarted. Its pods are injected as the
// live webhooks would do it, which may differ from what the step wants.
func SimulateRestart(w *mesh.World, t step.Target, s step.Step, at time.Time) {
	for i, wl := range w.Workloads {
		if wl.Ref() != s.Workload() {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		by := w.Injectors(ns, wl.Template)
		if s.TemplateLabel != "" {
			wl.Template.Labels = step.WithRevisionLabel(wl.Template.Labels, s.TemplateLabel)
			by = w.Injectors(ns, wl.Template)
		}
		pods := slices.Clone(wl.Live())
		for j := range pods {
			pods[j].Current = true
			pods[j].Sidecar = mesh.Sidecar{}
			if len(by) > 0 {
				pods[j].Sidecar = mesh.Sidecar{Present: true, Revision: by[0]}
			}
		}
		wl.Pods, wl.RestartAnnotation = pods, mesh.RestartAnnotation{Run: t.Run, At: at}
		wl.Template.Hash = "restarted by " + t.Run + " at " + at.UTC().Format(time.RFC3339)
		w.Workloads[i] = wl
	}
}
