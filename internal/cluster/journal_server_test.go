// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/engine"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/step"
)

func sampleLedger() step.Ledger {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return step.Ledger{
		Baseline: step.Baseline{
			Bindings:  map[string]string{"shop": "istio-injection=enabled"},
			Revisions: map[step.BoundRef]string{"shop": "default"},
			Sidecars:  map[mesh.WorkloadRef]string{"Deployment shop/web": "default"},
		},
		Waves:    [][]string{{"shop"}},
		Approved: []step.Step{{Kind: step.Label, Wave: 1, Subject: "shop", From: "a", To: "b"}},
		Passed:   map[step.VerdictKey]step.Pass{step.SoakKey(1, "x"): {At: at, Evidence: "seen"}},
		Started:  at,
	}
}

// completeFile sets every field that a person sets.
//
//go:embed testdata/complete.yaml
var completeFile []byte

func testRecord(t *testing.T, c *fixture) {
	file, err := record.ReadMeshUpgrade(completeFile)
	if err != nil {
		t.Fatal(err)
	}
	created, err := c.Create(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file.Spec, created.Spec); diff != "" {
		t.Errorf("the API server keeps another spec (-file +kept):\n%s", diff)
	}
	if _, err := c.Create(t.Context(), file); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("created twice: %v", err)
	}
	j := c.Record(file.Name)
	if _, l, err := j.Load(t.Context()); err != nil || !l.Started.IsZero() {
		t.Fatalf("a new record: %v, %v", l, err)
	}
	hold := &step.Hold{Reason: v1alpha1.ReasonCheckFailed, Subject: "shop", Message: "no"}
	for _, s := range []engine.Summary{{Phase: "Upgrading", Waves: "0/1", Digest: "d", Message: "m"}, {Phase: "Held", Hold: hold}} {
		if err := j.Save(t.Context(), sampleLedger(), s); err != nil {
			t.Fatal(err)
		}
	}
	_, got, err := c.Record(file.Name).Load(t.Context())
	if diff := cmp.Diff(sampleLedger(), got); err != nil || diff != "" {
		t.Errorf("the ledger came back different: %v\n%s", err, diff)
	}
	list, err := c.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Status.Phase != v1alpha1.Held || len(list[0].Status.Conditions) != 2 {
		t.Errorf("listed: %+v, %v", list, err)
	}
	other := list[0].Spec
	other.Revision = "another"
	if list[0], err = c.Respec(t.Context(), list[0], other); err != nil || list[0].Spec.Revision != "another" ||
		list[0].Status.Ledger == nil ||
		list[0].Status.Phase != v1alpha1.Held {
		t.Errorf("with another spec: %+v, %v", list[0], err)
	}
	again, err := c.Replace(t.Context(), list[0], v1alpha1.MeshUpgradeSpec{Revision: "other"})
	if err != nil || again.Spec.Revision != "other" || again.Status.Ledger != nil || again.Status.Phase != "" {
		t.Errorf("begun again: got %+v, %v", again, err)
	}
	if _, err := c.Replace(t.Context(), list[0], v1alpha1.MeshUpgradeSpec{Revision: "third"}); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("begun again from an old observation: got %v, want a conflict", err)
	}
	vast := sampleLedger()
	full := c.Record(file.Name)
	if _, _, err := full.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1_250_000, 1_600_000, 3_000_000} { // what etcd, its client and an API server do not take
		random := make([]byte, size)
		_, _ = rand.Read(random)
		vast.Baseline.Versions = map[string]string{"r": base64.StdEncoding.EncodeToString(random)}
		if err := full.Save(t.Context(), vast, engine.Summary{}); !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "-n") {
			t.Errorf("a record of %d bytes: %v", size, err)
		}
	}
	if _, _, err := c.Record("nobody").Load(t.Context()); !errors.Is(err, record.ErrNoRun) || !errors.Is(err, engine.ErrRefused) ||
		!strings.Contains(err.Error(), "--from OLD") {
		t.Errorf("a run that is not there: %v", err)
	}
}

func testRecordConflict(t *testing.T, c *fixture) {
	createRun(t, c, "two", "r")
	j := c.Record("two")
	if _, _, err := j.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.SetRollback(t.Context(), "two", true); err != nil {
		t.Fatal(err)
	}
	if err := j.Save(t.Context(), sampleLedger(), engine.Summary{Phase: "Upgrading"}); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("saved over another process's record: got %v, want a conflict", err)
	}
	intent, l, err := j.Load(t.Context())
	if err != nil || !intent.Rollback || !l.Started.IsZero() {
		t.Errorf("after: %+v, %+v, %v", intent, l, err)
	}
	if err := j.Save(t.Context(), sampleLedger(), engine.Summary{Phase: "RollingBack"}); err != nil {
		t.Error(err)
	}
}
