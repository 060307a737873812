// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"github.com/google/go-cmp/cmp"
	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/lease"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/cluster/rights"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServer runs everything that needs a real API server.
func TestServer(t *testing.T) {
	admin, user := serve(t)
	seen := &recorder{}
	c := connected(t, seen.on(admin))
	createNamespace(t, c, c.root, nil)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *fixture)
	}{
		{"definition", testDefinition},
		{"record", testRecord},
		{"another writer of the record", testRecordConflict},
		{"choices", testChoices},
		{"definition of version 0.1", testFormerDefinition},
		{"stored values", testStoredValues},
		{"label", testLabel},
		{"restart", testRestart},
		{"label the template", testLabelTemplate},
		{"swap", testSwap},
		{"roots", testRoots},
		{"trial", testTrial},
		{"selecting", testPodSelectors},
		{"trial and Services for pods that are not ready", testTrialUnready},
		{"trial refused", testTrialRefused},
		{"pages", testPages},
		{"removal", testRemoval},
		{"what was kept", testRestore},
		{"copies outlive their run", testCopiesOutliveRun},
		{"what cannot come back", testUnrestorable},
		{"tries", testDryRuns},
		{"claims", testReferences},
		{"mesh configuration", testMeshConfig},
		{"retag", testMoveTag},
		{"contested Gateways", testContestedGateways},
		{"settings of the Gateway API", testGatewayAPISettings},
		{"a gateway that istioctl installed", testRenderedGateway},
		{"lease", testLease},
		{"lease lost", testLeaseLost},
	} {
		if !t.Run(test.name, func(t *testing.T) { test.run(t, c) }) && test.name == "definition" {
			t.FailNow()
		}
	}
	t.Run("conflict", func(t *testing.T) { testConflict(t, c, admin) })
	t.Run("conditional restart", func(t *testing.T) { testConditionalRestart(t, c, admin) })
	t.Run("field managers", func(t *testing.T) { testFieldManagers(t, c, admin) })
	t.Run("permissions", func(t *testing.T) { testRights(t, c, user) })
	t.Run("manager", func(t *testing.T) { checkManager(t, seen) })
}

// fixture is a cluster with its ports, for a scope that a test may change.
type fixture struct {
	*Cluster
	*record.Store
	*lease.Lease
	*rights.Checker
	*Prober
	Scope
	api  *client.Clients
	root string
	now  func() time.Time
}

func (f *fixture) reader() *Reader { return NewReader(f.Cluster, f.Scope) }

func (f *fixture) writer() *Writer { return NewWriter(f.Cluster, f.Scope, nil) }

func (f *fixture) Observe(ctx context.Context) (mesh.World, error) { return f.reader().Observe(ctx) }

func (f *fixture) Setups(ctx context.Context, namespaces []string) (mesh.ControlPlaneSettings, error) {
	return f.reader().Setups(ctx, namespaces)
}

func (f *fixture) Write(ctx context.Context, change step.Change) error {
	return f.writer().Write(ctx, change)
}

// connected returns a fixture whose timeout for pods is a second.
func connected(t *testing.T, config *rest.Config) *fixture {
	t.Helper()
	c, err := New(config, Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &fixture{
		Cluster: c, Store: c.Records(), Lease: c.Lease(), Checker: c.Rights(), Prober: NewProber(c),
		api: c.api, root: c.root, now: c.now,
	}
}

func createNamespace(t *testing.T, c *fixture, name string, labels map[string]string) {
	t.Helper()
	_, err := c.api.CoreV1().Namespaces().Create(
		t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}},
		client.Creating,
	)
	if err != nil {
		t.Fatal(err)
	}
}

var define = step.Change{Verb: step.Apply, Kind: "CustomResourceDefinition", Name: record.DefinitionName}

func testDefinition(t *testing.T, c *fixture) {
	if w, err := c.Observe(t.Context()); err != nil || w.CRDInstalled {
		t.Fatalf("before: defined %t, %v", w.CRDInstalled, err)
	}
	if list, err := c.List(t.Context()); err != nil || list != nil {
		t.Errorf("without a definition: %v, %v", list, err)
	}
	for range 2 { // applied again it stays
		if err := c.Write(t.Context(), define); err != nil {
			t.Fatal(err)
		}
	}
	if w, err := c.Observe(t.Context()); err != nil || !w.CRDInstalled {
		t.Errorf("after: defined %t, %v", w.CRDInstalled, err)
	}
}

func testPages(t *testing.T, c *fixture) {
	createNamespace(t, c, "many", map[string]string{"istio.io/rev": "r"})
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	const n = client.PageSize + 20
	for i := range n {
		group.Go(func() error {
			labels := map[string]string{"n": fmt.Sprint(i)}
			_, err := c.api.AppsV1().Deployments("many").Create(ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("d-%d", i)},
				Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template(labels)}}, client.Creating)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	w, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, wl := range w.Workloads {
		if wl.Namespace == "many" {
			found++
		}
	}
	if found != n {
		t.Errorf("of %d workloads on two pages %d were seen", n, found)
	}
	again, err := c.Observe(t.Context())
	if diff := cmp.Diff(w, again); err != nil || diff != "" {
		t.Errorf("two looks at the same mesh differ: %v\n%s", err, diff)
	}
}

// checkManager checks that every recorded write has the field manager rerig, except
// those of the Lease, which take none.
func checkManager(t *testing.T, seen *recorder) {
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, r := range seen.writes {
		manager := r.URL.Query().Get("fieldManager")
		if !strings.HasPrefix(manager, v1alpha1.FieldManager) && r.Method != http.MethodDelete && !strings.Contains(r.URL.Path, "/leases") {
			t.Errorf("%s %s is written as %q", r.Method, r.URL.Path, manager)
		}
	}
	if len(seen.writes) < 10 {
		t.Errorf("only %d writes were recorded", len(seen.writes))
	}
	for _, limit := range seen.pages {
		if limit != fmt.Sprint(client.PageSize) {
			t.Errorf("a list asks for %q objects", limit)
		}
	}
}

// createRun creates the MeshUpgrade of a run.
func createRun(t *testing.T, c *fixture, name, revision string) v1alpha1.MeshUpgrade {
	t.Helper()
	var m v1alpha1.MeshUpgrade
	m.Name, m.Spec.Revision = name, revision
	m, err := c.Create(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
