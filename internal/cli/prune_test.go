// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster"
	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/step"
)

// withRuns returns a cluster with one run in each state, and saved copies of each.
func withRuns(t *testing.T) *fakeCluster {
	t.Helper()
	p := shop()
	add := func(name string, rollback bool, l step.Ledger) {
		packed, err := client.Pack(l)
		if err != nil {
			t.Fatal(err)
		}
		u := v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: name}}
		u.Spec.Revision, u.Spec.Rollback = "1-31-0", rollback
		u.Status.Ledger = packed
		p.runs = append(p.runs, u)
	}
	save := func(run string, at time.Time) {
		p.copies = append(p.copies, cluster.SavedCopies{
			Secret: "rerig-" + run, Run: run, Round: cluster.RoundOf(step.Ledger{Started: at}), Revision: "1-29-1",
			Objects: []string{"Service istio-system/istiod-1-29-1"},
		})
	}
	later := noon.Add(time.Hour)
	add("working", false, step.Ledger{Started: noon})
	add("completed", false, step.Ledger{Started: noon, Ended: later})
	add("rolling-back", true, step.Ledger{Started: noon, RollbackApproved: true})
	add("rolled-back", true, step.Ledger{Started: noon, RollbackApproved: true, Ended: later})
	add("again", false, step.Ledger{Started: later, Ended: later})
	for _, run := range []string{"working", "completed", "rolling-back", "rolled-back", "again", "deleted"} {
		save(run, noon)
	}
	return p
}

func (p *fakeCluster) secrets() []string {
	var list []string
	for _, c := range p.copies {
		list = append(list, c.Secret)
	}
	return list
}

func TestPruneDeletesUnneededCopies(t *testing.T) {
	p := withRuns(t)
	code, out, err := runOn(p, "prune --yes")
	if code != exitDone || !strings.Contains(out, "Deleted 3 Secrets") {
		t.Errorf("got exit code %d, %s%s", code, out, err)
	}
	for _, want := range []string{"run deleted was deleted", "run again started again since", "run rolled-back is rolled back"} {
		if !strings.Contains(out, want) {
			t.Errorf("got no reason %q in:\n%s", want, out)
		}
	}
	if want := []string{"rerig-working", "rerig-completed", "rerig-rolling-back"}; !slices.Equal(p.secrets(), want) {
		t.Errorf("got %v left, want %v", p.secrets(), want)
	}
	if code, out, _ := runOn(p, "prune"); code != exitDone || !strings.Contains(out, "Nothing to delete") {
		t.Errorf("the second time: got exit code %d, %s", code, out)
	}
}

func TestPruneAsks(t *testing.T) {
	p := withRuns(t)
	code, out, err := runOn(p, "prune")
	if code != exitUsage || !strings.Contains(out, "Secret rerig-deleted: revision 1-29-1, 1 objects") || !strings.Contains(err, "--yes") {
		t.Errorf("got exit code %d, %s%s", code, out, err)
	}
	if len(p.copies) != 6 {
		t.Errorf("got %v left, want all", p.secrets())
	}
}

func TestPruneJSON(t *testing.T) {
	code, out, err := runOn(withRuns(t), "prune --yes -o json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitDone || len(lines) != 2 {
		t.Fatalf("got exit code %d, %s%s", code, out, err)
	}
	if !strings.Contains(lines[0], `"kind":"unneeded-copies"`) || !strings.Contains(lines[1], `"count":3`) {
		t.Errorf("got exit code %d, %s%s", code, out, err)
	}
}

func TestPruneNeedsRights(t *testing.T) {
	p := withRuns(t)
	p.lacksToInstall = []string{"delete secrets in istio-system"}
	code, _, err := runOn(p, "prune --yes")
	if code == exitDone || !strings.Contains(err, "delete secrets in istio-system") || len(p.copies) != 6 {
		t.Errorf("got exit code %d, %s, %v left", code, err, p.secrets())
	}
}
