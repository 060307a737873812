// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

// fake implements all ports: a mesh, its record and its clock. It is as simple as the
// ports allow: a restart replaces pods at once, the webhooks inject them, and their
// proxies connect to an istiod of that revision.
type fake struct {
	world         mesh.World
	intent        step.Intent
	ledger        step.Ledger
	version       int // of the record
	loadedVersion int // of the record that was loaded last
	now           time.Time

	// What the engine did.
	calls  int // calls of ports
	writes []step.Change
	events []Event
	pauses []time.Duration // after errors

	// What fails.
	crashAt           int              // the process is dead after this call; 0 for never
	rejectsIn         string           // namespace whose proxies of the target reject LDS
	unreadyWorkload   mesh.WorkloadRef // its new pods don't become ready
	silentIstiod      string           // istiod pod that does not answer
	stuckWorkload     mesh.WorkloadRef // StatefulSet whose first new pod of the target never becomes ready and blocks the others
	installErr        error
	busyPod           string // pod that receives requests, also as NAMESPACE/POD
	badCertificatePod string // pod whose certificate does not chain
	dryRunDenied      string // namespace in which, or "configuration" which, a dry run denies
	trialsUnready     bool   // trial pods don't become ready
	trialsUnrouted    bool   // no Service has a trial pod as an endpoint
	observeErr        func() error

	// Hooks that change what the mesh does or shows.
	onObserve     func(*mesh.World)
	onDryRun      func(*mesh.DryRunAttempt)
	onSettings    func(*mesh.ControlPlaneSettings)
	onCertificate func(pod string, c *mesh.Certificate)
	beforeWrite   func(step.Change) error // an error keeps the write from happening
	afterWrite    func(step.Change)

	// What ReplicaSets did.
	podsCreated   int
	olderReplicas int                 // of the gateway that istiod deploys: replicas of the ReplicaSet of its older template
	podMetadata   map[string]metadata // by UID
	replicaSets   map[string]string   // UID of a pod -> hash of its ReplicaSet

	configurations map[string]mesh.ProxyConfig // of gateways, by pod
	closing        map[string]bool             // gateways' pods whose clients are asked to leave
}

var errCrashed = errors.New("crashed")

// enterCall counts a call of a port. It fails once the process has crashed.
func (f *fake) enterCall() error {
	if f.crashAt > 0 && f.calls >= f.crashAt {
		return errCrashed
	}
	f.calls++
	return nil
}

// leaveCall fails if the process crashes after this call.
func (f *fake) leaveCall() error {
	if f.crashAt > 0 && f.calls >= f.crashAt {
		return errCrashed
	}
	return nil
}

func (f *fake) Now() time.Time { return f.now }

func (f *fake) Sleep(_ context.Context, d time.Duration) error {
	if err := f.enterCall(); err != nil {
		return err
	}
	if n := len(f.events); n > 0 && f.events[n-1].Kind == Retrying {
		f.pauses = append(f.pauses, d)
	}
	f.now = f.now.Add(d)
	return f.leaveCall()
}

// Report records an event, without the observation that it carries.
func (f *fake) Report(e Event) {
	if f.crashAt > 0 && f.calls >= f.crashAt {
		return
	}
	e.World, e.Target, e.Ledger, e.Stages = nil, nil, nil, nil
	f.events = append(f.events, e)
}

// reported returns the recorded events of a kind.
func (f *fake) reported(kind EventKind) []Event {
	var list []Event
	for _, e := range f.events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

func (f *fake) Load(context.Context) (step.Intent, step.Ledger, error) {
	if err := f.enterCall(); err != nil {
		return step.Intent{}, step.Ledger{}, err
	}
	f.loadedVersion = f.version
	return f.intent, f.ledger.Clone(), f.leaveCall()
}

func (f *fake) Save(_ context.Context, l step.Ledger, _ Summary) error {
	if err := f.enterCall(); err != nil {
		return err
	}
	if f.loadedVersion != f.version {
		return ErrConflict
	}
	f.ledger, f.version = l.Clone(), f.version+1
	f.loadedVersion = f.version
	return f.leaveCall()
}

func (f *fake) Observe(context.Context) (mesh.World, error) {
	if err := f.enterCall(); err != nil {
		return mesh.World{}, err
	}
	if f.observeErr != nil {
		if err := f.observeErr(); err != nil {
			return mesh.World{}, err
		}
	}
	w := f.world
	w.Proxies, w.Revisions, w.Workloads = nil, slices.Clone(w.Revisions), slices.Clone(w.Workloads)
	for i, r := range w.Revisions {
		w.Revisions[i].Istiods = slices.Clone(r.Istiods)
		for j, istiod := range r.Istiods {
			if istiod.Pod == f.silentIstiod {
				w.Revisions[i].Istiods[j].NoAnswer = "connection refused"
			}
		}
	}
	for _, wl := range w.Workloads {
		for _, p := range wl.Pods {
			x := connection(wl.Namespace, p.Name, p.Sidecar.Revision)
			if x.Istiod == f.silentIstiod {
				continue
			}
			if f.rejectsIn == wl.Namespace && p.Sidecar.Revision == f.intent.Revision {
				x.Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
			}
			w.Proxies = append(w.Proxies, x)
		}
	}
	w.Proxies = append(w.Proxies, f.trialProxies()...)
	if f.onObserve != nil {
		f.onObserve(&w)
	}
	w.Sort()
	return w, f.leaveCall()
}

func (f *fake) Certificate(_ context.Context, ns, pod string) (mesh.Certificate, error) {
	if err := f.enterCall(); err != nil {
		return mesh.Certificate{}, err
	}
	c := mesh.Certificate{Namespace: ns, Pod: pod, Identity: "spiffe://cluster.local/ns/" + ns, Chains: pod != f.badCertificatePod}
	if f.onCertificate != nil {
		f.onCertificate(pod, &c)
	}
	return c, f.leaveCall()
}

func (f *fake) Setups(_ context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	if err := f.enterCall(); err != nil {
		return mesh.ControlPlaneSettings{}, err
	}
	s := mesh.ControlPlaneSettings{
		ControlPlanes:      []mesh.ControlPlane{{Revision: "1-29-1"}, {Revision: f.intent.Revision}},
		HasRootCertificate: map[string]bool{},
	}
	for _, ns := range namespaces {
		s.HasRootCertificate[ns] = true
	}
	if f.onSettings != nil {
		f.onSettings(&s)
	}
	return s, f.leaveCall()
}

func (f *fake) Write(_ context.Context, c step.Change) error {
	if err := f.enterCall(); err != nil {
		return err
	}
	if f.beforeWrite != nil {
		if err := f.beforeWrite(c); err != nil {
			return err
		}
	}
	if c.DryRun {
		return f.leaveCall()
	}
	if c.Verb == step.InstallRevision && f.installErr != nil {
		return f.installErr
	}
	if c.Kind == "Namespace" {
		if ns, _ := f.world.Namespace(c.Name); ns.Binding().String() != c.Expect {
			return ErrConflict
		}
	}
	f.writes = append(f.writes, c)
	f.apply(c)
	if f.afterWrite != nil {
		f.afterWrite(c)
	}
	return f.leaveCall()
}

func (f *fake) DryRun(_ context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	if err := f.enterCall(); err != nil {
		return a, err
	}
	a.Accepted, a.Refusal = !a.InvalidConfig, "at least one host"
	if a.Pod && f.dryRunDenied == a.Namespace || !a.Pod && f.dryRunDenied == "configuration" {
		a.Accepted, a.Refusal = false, `failed calling webhook: service "istiod-1-29-1" not found`
	}
	a.Sidecar = mesh.Sidecar{Present: true, Revision: f.intent.Revision}
	if f.onDryRun != nil {
		f.onDryRun(&a)
	}
	return a, f.leaveCall()
}

func (f *fake) run() (Outcome, error) {
	return Engine{Observer: f, Writer: f, Record: f, Clock: f, Reporter: f}.Run(context.Background())
}

// connection returns the connection of a pod's proxy to an istiod of the revision.
func connection(namespace, pod, revision string) mesh.Proxy {
	return mesh.Proxy{
		Namespace: namespace,
		Pod:       pod,
		Revision:  revision,
		Istiod:    "istiod-" + revision,
		Sent:      []string{"CDS", "LDS"},
	}
}
