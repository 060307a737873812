// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/install"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan"
	"github.com/rerig/rerig/internal/run"
	"github.com/rerig/rerig/internal/run/spec"
	"github.com/rerig/rerig/internal/step"
)

// fakeCluster is a cluster in memory: a write takes effect at once.
type fakeCluster struct {
	mutex             sync.Mutex // a process watches while another works
	world             mesh.World
	runs              []v1alpha1.MeshUpgrade
	copies            []cluster.SavedCopies // of removed control planes
	ledgers           map[string]step.Ledger
	lacks             []string
	lacksToInstall    []string
	leaseHolder       string
	leaseExpiresAfter int                       // after how many reads of the Lease it has expired; 0 for never
	anotherComesAfter int                       // after how many reads of the Lease another process takes it; 0 for never
	anotherWorks      func()                    // what the process with the Lease does
	writes            []string                  // all writes
	setups            mesh.ControlPlaneSettings // settings of the control planes
	routes            mesh.Routes
	removing          string // the run whose removal is observed
	rejectsConfig     string // a pod whose proxy rejects the configuration of the new revision

	values   map[string]map[string][]byte // Secrets with stored values
	inherits map[string]any               // values of the old revision that a chart inherits
	rendered string                       // digest of the manifest that an installer renders

	created           []install.Object             // outside of the control plane
	references        []install.Reference          // to another revision
	manifest          []*unstructured.Unstructured // that an installer renders
	installedSettings []mesh.ControlPlane          // of the new control plane once it is installed
	renderedSettings  mesh.ControlPlane            // settings in it
	approvedManifest  string                       // digest of the manifest that was last installed
	installs          []install.Method             // what was drafted
	gateways          []install.GatewayDraft       // what istioctl renders of gateways
	failsGateways     error                        // ends that
	failsInstall      error                        // ends an install
	needs             []install.Permission         // what was last asked for beside what every command needs
	dies              string                       // the write that succeeds, and after which the process dies
}

func (p *fakeCluster) Observe(context.Context) (mesh.World, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.world, nil
}

func (p *fakeCluster) Certificate(_ context.Context, namespace, pod string) (mesh.Certificate, error) {
	return mesh.Certificate{Namespace: namespace, Pod: pod, Identity: "spiffe://cluster.local/ns/" + namespace, Chains: true}, nil
}

func (p *fakeCluster) Traffic(context.Context, string, string) (mesh.Traffic, error) {
	return mesh.Traffic{Idle: true}, nil
}

func (p *fakeCluster) Connections(context.Context, string, string) (mesh.Traffic, error) {
	return mesh.Traffic{Idle: true}, nil
}

func (p *fakeCluster) Configuration(context.Context, string, string) (mesh.ProxyConfig, error) {
	return nil, nil
}

func (p *fakeCluster) Write(_ context.Context, c step.Change) error {
	p.writes = append(p.writes, fmt.Sprintf("%s %s %s/%s", c.Verb, c.Kind, c.Namespace, c.Name))
	switch {
	case c.Verb == step.Apply:
		p.world.CRDInstalled = true
	case c.Verb == step.InstallRevision && p.failsInstall != nil:
		return p.failsInstall
	case c.Verb == step.InstallRevision:
		p.approvedManifest = c.Rendered
		p.setups.ControlPlanes = append(p.setups.ControlPlanes, p.installedSettings...)
		p.world.Revisions = slices.DeleteFunc(p.world.Revisions, func(r mesh.Revision) bool { return r.Name == c.Name })
		addControlPlane(&p.world, c.Name, c.Version)
	case c.Kind == "Namespace":
		p.relabel(c)
	case c.Verb == step.PointTag:
		moved := step.Step{Kind: step.Tag, Subject: step.Subject(c.Name), To: c.Revision}
		p.world, _ = plan.Simulate(p.world, step.Target{}, step.Ledger{}, moved, noon)
	default:
		p.restart(c)
	}
	return nil
}

func (p *fakeCluster) relabel(c step.Change) {
	var body struct {
		Metadata struct {
			Labels map[string]*string `json:"labels"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(c.Patch, &body); err != nil {
		panic(err)
	}
	p.world.Namespaces = slices.Clone(p.world.Namespaces)
	for i, ns := range p.world.Namespaces {
		if ns.Name != c.Name {
			continue
		}
		labels := maps.Clone(ns.Labels)
		for k, v := range body.Metadata.Labels {
			if delete(labels, k); v != nil {
				labels[k] = *v
			}
		}
		p.world.Namespaces[i].Labels = labels
	}
}

// restart gives the workload's pods what the webhooks would give them, and has
// them served by it.
func (p *fakeCluster) restart(c step.Change) {
	w := p.world
	w.Workloads, w.Proxies = slices.Clone(w.Workloads), slices.Clone(w.Proxies)
	for i, wl := range w.Workloads {
		if string(wl.Kind) != c.Kind || wl.Namespace != c.Namespace || wl.Name != c.Name {
			continue
		}
		ns, _ := w.Namespace(wl.Namespace)
		revision := w.Injectors(ns, wl.Template)[0]
		wl.Pods, wl.Template.Hash = slices.Clone(wl.Pods), wl.Template.Hash+"+"
		wl.RestartAnnotation = mesh.RestartAnnotation{Run: "to-1-31-0", At: noon}
		for j, pod := range wl.Pods {
			wl.Pods[j].Sidecar = mesh.Sidecar{Present: true, Revision: revision, Version: versionOf(w, revision)}
			for k, x := range w.Proxies {
				if x.Namespace == wl.Namespace && x.Pod == pod.Name {
					w.Proxies[k].Revision, w.Proxies[k].Istiod = revision, "istiod-"+revision
					w.Proxies[k].Version, w.Proxies[k].Rejected = versionOf(w, revision), nil
					if pod.Name == p.rejectsConfig && revision == "1-31-0" {
						w.Proxies[k].Rejected = []mesh.Rejection{{Type: "LDS", Reason: "duplicate listener"}}
					}
				}
			}
		}
		w.Workloads[i] = wl
	}
	p.world = w
}

// acceptConfig has the proxies accept their configuration.
func (p *fakeCluster) acceptConfig() {
	p.rejectsConfig, p.world.Proxies = "", slices.Clone(p.world.Proxies)
	for i := range p.world.Proxies {
		p.world.Proxies[i].Rejected = nil
	}
}

func (p *fakeCluster) Setups(_ context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	s := p.setups
	s.HasRootCertificate = map[string]bool{}
	for _, ns := range namespaces {
		s.HasRootCertificate[ns] = true
	}
	return s, nil
}

func (p *fakeCluster) Routes(context.Context) (mesh.Routes, error) { return p.routes, nil }

func (p *fakeCluster) Observer(s cluster.Scope) engine.Observer {
	p.removing = s.RemovingRun
	return p
}

func (p *fakeCluster) DraftGateways(
	_ context.Context, _ run.Environment, _ run.DraftRequest, gateways []mesh.Workload,
) ([]install.GatewayDraft, error) {
	if len(p.gateways) != len(gateways) && p.failsGateways == nil {
		panic("other gateways are drafted than the test expects")
	}
	return p.gateways, p.failsGateways
}

func (p *fakeCluster) Writer(cluster.Scope, cluster.Installer) engine.Writer { return p }

func (p *fakeCluster) DryRun(_ context.Context, a mesh.DryRunAttempt) (mesh.DryRunAttempt, error) {
	a.Accepted, a.Sidecar = !a.InvalidConfig, mesh.Sidecar{Present: true, Revision: "1-31-0"}
	return a, nil
}

func (p *fakeCluster) List(context.Context) ([]v1alpha1.MeshUpgrade, error) { return p.runs, nil }

func (p *fakeCluster) Create(_ context.Context, u v1alpha1.MeshUpgrade) (v1alpha1.MeshUpgrade, error) {
	p.writes = append(p.writes, "create MeshUpgrade "+u.Name)
	p.runs = append(p.runs, u)
	return u, p.after("create")
}

func (p *fakeCluster) Replace(_ context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	r := p.run(found.Name)
	r.Spec, r.Status = spec, v1alpha1.MeshUpgradeStatus{}
	delete(p.ledgers, found.Name)
	return *r, p.after("replace")
}

func (p *fakeCluster) Respec(_ context.Context, found v1alpha1.MeshUpgrade, spec v1alpha1.MeshUpgradeSpec) (v1alpha1.MeshUpgrade, error) {
	p.run(found.Name).Spec = spec
	return *p.run(found.Name), nil
}

func (p *fakeCluster) SetRollback(_ context.Context, name string, rollback bool) error {
	p.run(name).Spec.Rollback = rollback
	return nil
}

func (p *fakeCluster) SetChoices(_ context.Context, name string, s v1alpha1.MeshUpgradeSpec) error {
	spec.CopyChangeable(&p.run(name).Spec, s)
	return nil
}

func (p *fakeCluster) run(name string) *v1alpha1.MeshUpgrade {
	return &p.runs[slices.IndexFunc(p.runs, func(u v1alpha1.MeshUpgrade) bool { return u.Name == name })]
}

func (p *fakeCluster) Record(name string) engine.Record { return &fakeRecord{p, name} }

// sheet is a journal of fakeCluster.
type fakeRecord struct {
	*fakeCluster
	name string
}

func (s *fakeRecord) Load(context.Context) (step.Intent, step.Ledger, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !slices.ContainsFunc(s.runs, func(u v1alpha1.MeshUpgrade) bool { return u.Name == s.name }) {
		return step.Intent{}, step.Ledger{}, fmt.Errorf("%w: MeshUpgrade %s was deleted", record.ErrNoRun, s.name)
	}
	in, err := record.IntentOf(*s.run(s.name))
	return in, s.ledgers[s.name].Clone(), err
}

func (s *fakeRecord) Save(_ context.Context, l step.Ledger, summary engine.Summary) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	r := s.run(s.name)
	r.Status.Phase, r.Status.Message = v1alpha1.Phase(summary.Phase), summary.Message
	r.Status.Waves, r.Status.Digest = summary.Waves, summary.Digest
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(l); err != nil {
		return err
	}
	err := z.Close()
	r.Status.Ledger, s.ledgers[s.name] = b.Bytes(), l.Clone()
	return err
}

func (p *fakeCluster) Lacks(_ context.Context, _ run.Purpose, _ cluster.Scope, needs []install.Permission) ([]string, error) {
	p.needs = needs
	if len(needs) > 0 {
		return append(p.lacks, p.lacksToInstall...), nil
	}
	return p.lacks, nil
}

func (p *fakeCluster) LeaseHolder(context.Context) (string, error) {
	if p.anotherComesAfter > 0 {
		if p.anotherComesAfter--; p.anotherComesAfter == 0 {
			defer func() { p.leaseHolder = "kim@laptop" }()
		}
	}
	if p.leaseExpiresAfter > 0 {
		if p.leaseExpiresAfter--; p.leaseExpiresAfter == 0 {
			p.leaseHolder = ""
		}
	}
	return p.leaseHolder, nil
}

func (p *fakeCluster) Hold(ctx context.Context, _ string, _ time.Duration, onLeaseHolder func(string),
	act func(context.Context) error) error {
	if p.leaseHolder != "" {
		onLeaseHolder(p.leaseHolder)
		p.anotherWorks() // until the other process releases the Lease
	}
	return act(ctx)
}

func (p *fakeCluster) Draft(_ context.Context, _ run.Environment, r run.DraftRequest) (install.Draft, cluster.Installer, error) {
	w := r.Method
	p.installs = append(p.installs, w)
	d := install.Draft{Revision: r.Revision, Version: install.ResolveVersion(r.Version, w.IstioOperator, r.Revision, "1.31.0"),
		Permissions: []install.Permission{{Verb: "create", Resource: "services", Namespace: "istio-system"}},
		By:          "/usr/local/bin/istioctl, version 1.31.0", Rendered: p.rendered, Manifest: p.manifest,
		OmittedGateways: []install.Object{{Kind: "Deployment", Namespace: "istio-system", Name: "istio-ingressgateway",
			Present: true, Revision: "1-29-1", Version: "1.29.1"}},
		Created: p.created, References: p.references}
	if w.Chart.IsSet() {
		d.ChartVersion = cmp.Or(w.Chart.Version, d.Version)
	}
	if d.Inherited = w.Chart.Inherited; w.Chart.IsSet() && d.Inherited == nil && p.inherits != nil {
		d.Inherited = &install.InheritedValues{From: "Helm release istio-system/istiod-1-29-1", Values: p.inherits}
	}
	return d, nil, nil
}

func (p *fakeCluster) Rendered(context.Context, string, []*unstructured.Unstructured) (mesh.ControlPlane, error) {
	return p.renderedSettings, nil
}

// after returns an error if the process dies after a write.
func (p *fakeCluster) after(write string) error {
	if p.dies != write {
		return nil
	}
	return errors.New("killed after " + write)
}

func (p *fakeCluster) StoreValues(_ context.Context, _ v1alpha1.MeshUpgrade, name string, entries map[string][]byte) error {
	if p.values == nil {
		p.values = map[string]map[string][]byte{}
	}
	p.values[name] = entries
	return p.after("store")
}

func (p *fakeCluster) StoredValues(_ context.Context, name string) (map[string][]byte, error) {
	if p.values[name] == nil {
		return nil, fmt.Errorf("read Secret istio-system/%s: %w", name, record.ErrNoValues)
	}
	return p.values[name], nil
}

func (p *fakeCluster) DeleteValues(_ context.Context, name string) error {
	delete(p.values, name)
	return nil
}

func (p *fakeCluster) SavedCopies(context.Context) ([]cluster.SavedCopies, error) {
	return p.copies, nil
}

func (p *fakeCluster) DeleteSavedCopies(_ context.Context, c cluster.SavedCopies) error {
	p.copies = slices.DeleteFunc(slices.Clone(p.copies), func(o cluster.SavedCopies) bool { return o.Secret == c.Secret })
	return nil
}

func (p *fakeCluster) Close() {}
