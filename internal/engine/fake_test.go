// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/step"
)

// fake is a mesh, its record and its clock in one, kept as simple as the ports
// allow: a restart makes new pods at once, injected as the webhooks say, and
// their proxies connect to an istiod of that revision.
type fake struct {
	world   mesh.World
	intent  step.Intent
	ledger  step.Ledger
	version int // of the record
	seen    int // version of the record that was loaded last
	now     time.Time

	calls   int // port calls so far
	dieAt   int // the port call after which the process is dead; 0 never
	writes  []step.Change
	rejects string // namespace whose proxies of the target refuse LDS
	unready string // workload whose new pods don't get ready
	mute    string // istiod that does not answer
	stuck   string // StatefulSet whose first new pod of the target never gets ready, and holds up the rest
	install error  // what installing brings
	busy    string // pod that requests still go through
	made    int    // pods that ReplicaSets made
	tags    map[string]tags
	sets    map[string]string                // by UID: of which template a ReplicaSet made a pod
	denies  string                           // what is denied in a dry run: a namespace, or "configuration"
	answers func(*mesh.DryRunAttempt)        // what a dry run says otherwise
	broken  string                           // pod whose certificate does not chain
	setups  func(*mesh.ControlPlaneSettings) // how the control planes are set up
	holds   func(string, *mesh.Certificate)  // what a pod's proxy holds otherwise
	acted   func(step.Change)
	barred  bool                    // trial pods don't get ready
	unled   bool                    // no Service leads to trial pods
	cut     func(step.Change) error // what becomes of a write on its way; nil: it arrives
	sees    func(*mesh.World)       // what a look finds beside that
}

var errDead = errors.New("killed")

// port counts a call; a process that is killed after it does nothing more.
func (f *fake) port() error {
	if f.dieAt > 0 && f.calls >= f.dieAt {
		return errDead
	}
	f.calls++
	return nil
}

func (f *fake) after() error {
	if f.dieAt > 0 && f.calls >= f.dieAt {
		return errDead
	}
	return nil
}

func (f *fake) Now() time.Time { return f.now }

func (f *fake) Sleep(_ context.Context, d time.Duration) error {
	if err := f.port(); err != nil {
		return err
	}
	f.now = f.now.Add(d)
	return f.after()
}

func (f *fake) Report(Event) {}

func (f *fake) Load(context.Context) (step.Intent, step.Ledger, error) {
	if err := f.port(); err != nil {
		return step.Intent{}, step.Ledger{}, err
	}
	f.seen = f.version
	return f.intent, f.ledger.Clone(), f.after()
}

func (f *fake) Save(_ context.Context, l step.Ledger, _ Summary) error {
	if err := f.port(); err != nil {
		return err
	}
	if f.seen != f.version {
		return ErrConflict
	}
	f.ledger, f.version = l.Clone(), f.version+1
	f.seen = f.version
	return f.after()
}

func (f *fake) Observe(context.Context) (mesh.World, error) {
	if err := f.port(); err != nil {
		return mesh.World{}, err
	}
	w := f.world
	w.Proxies, w.Revisions, w.Workloads = nil, slices.Clone(w.Revisions), slices.Clone(w.Workloads)
	for i, r := range w.Revisions {
		w.Revisions[i].Istiods = slices.Clone(r.Istiods)
		for j, istiod := range r.Istiods {
			if istiod.Pod == f.mute {
				w.Revisions[i].Istiods[j].NoAnswer = "connection refused"
			}
		}
	}
	for _, wl := range w.Workloads {
		for _, p := range wl.Pods {
			x := mesh.Proxy{Namespace: wl.Namespace, Pod: p.Name, Revision: p.Sidecar.Revision, Istiod: "istiod-" + p.Sidecar.Revision, Sent: []string{"CDS", "LDS"}}
			if x.Istiod == f.mute {
				continue
			}
			if f.rejects == wl.Namespace && p.Sidecar.Revision == f.intent.Revision {
				x.Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
			}
			w.Proxies = append(w.Proxies, x)
		}
	}
	w.Proxies = append(w.Proxies, f.trials()...)
	if f.sees != nil {
		f.sees(&w)
	}
	w.Sort()
	return w, f.after()
}

func (f *fake) Certificate(_ context.Context, ns, pod string) (mesh.Certificate, error) {
	if err := f.port(); err != nil {
		return mesh.Certificate{}, err
	}
	c := mesh.Certificate{Namespace: ns, Pod: pod, Identity: "spiffe://cluster.local/ns/" + ns, Chains: pod != f.broken}
	if f.holds != nil {
		f.holds(pod, &c)
	}
	return c, f.after()
}

func (f *fake) Setups(_ context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	if err := f.port(); err != nil {
		return mesh.ControlPlaneSettings{}, err
	}
	s := mesh.ControlPlaneSettings{ControlPlanes: []mesh.ControlPlane{{Revision: "1-29-1"}, {Revision: f.intent.Revision}}, HasRootCertificate: map[string]bool{}}
	for _, ns := range namespaces {
		s.HasRootCertificate[ns] = true
	}
	if f.setups != nil {
		f.setups(&s)
	}
	return s, f.after()
}

func (f *fake) Write(_ context.Context, c step.Change) error {
	if err := f.port(); err != nil {
		return err
	}
	if f.cut != nil {
		if err := f.cut(c); err != nil {
			return err
		}
	}
	if c.DryRun {
		return f.after()
	}
	if c.Verb == step.InstallRevision && f.install != nil {
		return f.install
	}
	if c.Kind == "Namespace" {
		if ns, _ := f.world.Namespace(c.Name); ns.Binding().String() != c.Expect {
			return ErrConflict
		}
	}
	f.writes = append(f.writes, c)
	f.carryOut(c)
	if f.acted != nil {
		f.acted(c)
	}
	return f.after()
}

func (f *fake) DryRun(_ context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	if err := f.port(); err != nil {
		return a, err
	}
	a.Admitted, a.Refusal = !a.InvalidConfig, "at least one host"
	if a.Pod && f.denies == a.Namespace || !a.Pod && f.denies == "configuration" {
		a.Admitted, a.Refusal = false, `failed calling webhook: service "istiod-1-29-1" not found`
	}
	a.Sidecar = mesh.Sidecar{Present: true, Revision: f.intent.Revision}
	if f.answers != nil {
		f.answers(&a)
	}
	return a, f.after()
}

func (f *fake) carryOut(c step.Change) {
	if slices.Contains([]step.Verb{step.CreateTrial, step.ScheduleTrial, step.ServeTrial, step.StopTrialService}, c.Verb) || c.Verb == step.Delete && c.Kind == "Pod" {
		f.onTrial(c)
		return
	}
	switch c.Verb {
	case step.SaveCopy:
		for _, b := range f.world.Components {
			if b.UID == c.Expect && !slices.ContainsFunc(f.world.SavedCopies, func(k mesh.Component) bool { return k.UID == b.UID }) {
				f.world.SavedCopies = append(slices.Clone(f.world.SavedCopies), b)
			}
		}
		return
	case step.Delete:
		f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Remove, Subject: step.Subject(subjectOf(c)), To: "1-29-1"}, f.now)
		return
	case step.RestoreRevision:
		f.world, _ = plan.Simulate(f.world, step.Target{Rollback: true}, step.Ledger{}, step.Step{Kind: step.Install, Subject: step.Subject(c.Name), To: "1.29.1"}, f.now)
		return
	}
	switch c.Kind {
	case "CustomResourceDefinition":
		f.world.CRDInstalled = true
	case "Pod", "Service":
		if c.Verb != step.EvictPod {
			f.swap(c)
			return
		}
		f.end(c)
	case "Revision":
		f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Install, Subject: step.Subject(c.Name), To: c.Version}, f.now)
	case "Namespace":
		f.relabel(c)
	case "CronJob":
		f.preset(c)
	case "Tag":
		f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.Tag, Subject: step.Subject(c.Name), To: c.Revision}, f.now)
	default:
		f.restart(c)
	}
}

func (f *fake) relabel(c step.Change) {
	var body struct {
		Metadata struct{ Labels map[string]*string }
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	for i, ns := range f.world.Namespaces {
		if ns.Name == c.Name {
			labels := maps.Clone(ns.Labels)
			for k, v := range body.Metadata.Labels {
				if delete(labels, k); v != nil {
					labels[k] = *v
				}
			}
			f.world.Namespaces = slices.Clone(f.world.Namespaces)
			f.world.Namespaces[i].Labels = labels
		}
	}
}

// end makes an evicted pod anew, and lets its controller go on with the others.
func (f *fake) end(c step.Change) {
	for i, wl := range f.world.Workloads {
		for _, p := range wl.Pods {
			if wl.Namespace == c.Namespace && p.Name == c.Name && p.UID == c.Expect && string(wl.Ref()) != f.stuck {
				f.world, _ = plan.Simulate(f.world, step.Target{}, step.Ledger{}, step.Step{Kind: step.EvictStuckPod, Subject: step.Subject(wl.Ref()), From: p.Name + " " + p.UID}, f.now)
				return
			}
			if wl.Namespace == c.Namespace && p.Name == c.Name && p.UID == c.Expect {
				f.world, _ = plan.Simulate(f.world, step.Target{Run: wl.RestartAnnotation.Run}, step.Ledger{}, step.Step{Kind: step.Restart, Subject: step.Subject(wl.Ref())}, wl.RestartAnnotation.At)
				for j := range f.world.Workloads[i].Pods {
					f.world.Workloads[i].Pods[j].Running, f.world.Workloads[i].Pods[j].Ready = true, true
				}
				f.world.Workloads[i].Rollout.Done = true
				return
			}
		}
	}
}

func (f *fake) restart(c step.Change) {
	key := c.Kind + " " + c.Namespace + "/" + c.Name
	if key == f.stuck {
		f.hang(key)
		return
	}
	pin, alone := pinIn(c)
	if alone {
		f.preset(c)
		return
	}
	f.world, _ = plan.Simulate(f.world, step.Target{Run: f.intent.Run}, step.Ledger{}, step.Step{Kind: step.Restart, Subject: step.Subject(key), TemplateLabel: pin}, f.now)
	for i, wl := range f.world.Workloads {
		if string(wl.Ref()) == key {
			back := wl.Pods[0].Sidecar.Revision != f.intent.Revision
			f.world.Workloads[i].Rollout = mesh.Rollout{Done: f.unready != key || back, Message: "1 of 2 updated replicas are available"}
		}
	}
}

// meshOf is three namespaces with two workloads each, on 1-29-1.
func meshOf() mesh.World {
	hook := func(configuration, revision, tag, key, value string) mesh.Webhook {
		return mesh.Webhook{Configuration: configuration, Name: "x", Revision: revision, Tag: tag, Roots: []string{"root"},
			Namespaces: mesh.Selector{{Key: key, Operator: mesh.In, Values: []string{value}}}}
	}
	w := mesh.World{RootNamespace: "istio-system", Roots: []string{"root"},
		Revisions: []mesh.Revision{{Name: "1-29-1", Version: "1.29.1", Replicas: 1, Ready: 1, Istiods: []mesh.Istiod{{Pod: "istiod-1-29-1", Ready: true, Version: "1.29.1", Build: "b1"}}}},
		Webhooks: []mesh.Webhook{hook("istio-sidecar-injector-1-29-1", "1-29-1", "", mesh.RevisionLabel, "1-29-1"),
			hook("istio-revision-tag-default", "1-29-1", "default", mesh.InjectionLabel, "enabled")},
		Namespaces: []mesh.Namespace{{Name: "a", Labels: map[string]string{mesh.InjectionLabel: "enabled"}},
			{Name: "b", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}, {Name: "c", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}}}
	for _, ns := range []string{"a", "b", "c"} {
		for _, name := range []string{"x", "y"} {
			wl := mesh.Workload{Kind: mesh.Deployment, Namespace: ns, Name: name, Replicas: 2, Rollout: mesh.Rollout{Done: true}, Template: mesh.Template{Hash: "t0"}}
			for _, pod := range []string{"0", "1"} {
				wl.Pods = append(wl.Pods, mesh.Pod{Name: name + pod, Running: true, Ready: true, Current: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}})
			}
			w.Workloads = append(w.Workloads, wl)
		}
	}
	w.Sort()
	return w
}

// upgrade is a fake on which an upgrade in three waves was agreed to.
func upgrade() *fake {
	f := &fake{world: meshOf(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), version: 1,
		intent: step.Intent{Run: "to-1-31-0", Revision: "1-31-0", Version: "1.31.0", Installable: true, Soak: time.Minute,
			ReadyTimeout: 5 * time.Minute, Waves: [][]string{{"a"}, {"b"}, {"c"}}}}
	f.agree()
	return f
}

// agree is what the command line does before it runs the engine.
func (f *fake) agree() {
	if len(f.ledger.Waves) == 0 {
		target, err := plan.ForwardTarget(f.world, f.intent, step.Ledger{})
		if err != nil {
			panic(err)
		}
		f.ledger = plan.NewLedger(plan.Make(f.world, target, step.Ledger{}), f.now)
		return
	}
	f.ledger.Revert = 0
	target, err := plan.ResolveTarget(f.world, f.intent, f.ledger)
	if err != nil {
		panic(err)
	}
	f.ledger = plan.Approve(f.ledger, plan.Make(f.world, target, f.ledger), f.now)
}

func (f *fake) run() (Outcome, error) {
	return Engine{Observer: f, Writer: f, Record: f, Clock: f, Reporter: f}.Run(context.Background())
}

// on tells which revisions a namespace's sidecars are of.
func (f *fake) on(ns string) []string {
	var list []string
	for _, wl := range f.world.Workloads {
		if wl.Namespace == ns {
			list = append(list, wl.Sidecars()...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hang replaces the last pod by one that never gets ready, once; the controller
// waits for it, whatever is written to the template later.
func (f *fake) hang(key string) {
	w, _ := plan.Simulate(f.world, step.Target{Run: f.intent.Run}, step.Ledger{}, step.Step{Kind: step.Restart, Subject: step.Subject(key)}, f.now)
	for i, wl := range w.Workloads {
		if string(wl.Ref()) != key {
			continue
		}
		was := f.world.Workloads[i].Pods
		last := len(was) - 1
		for j := range was {
			if j < last || !was[last].Ready {
				w.Workloads[i].Pods[j] = was[j]
				w.Workloads[i].Pods[j].Current = false
			}
		}
		if was[last].Ready {
			w.Workloads[i].Pods[last].Running, w.Workloads[i].Pods[last].Ready = false, false
		}
		w.Workloads[i].Rollout = mesh.Rollout{Message: "1 of 2 pods are ready"}
	}
	f.world = w
}
