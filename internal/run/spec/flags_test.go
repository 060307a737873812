// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
)

// asked is the MeshUpgrade that a command line asks for.
func asked(t *testing.T, line string) *v1alpha1.MeshUpgrade {
	t.Helper()
	var f Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.AddTo(set)
	if err := set.Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	u, err := f.MeshUpgrade(t.Context(), strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestFlagsBecomeAMeshUpgrade(t *testing.T) {
	want := v1alpha1.MeshUpgradeSpec{Revision: "1-31-0"}
	if diff := cmp.Diff(want, asked(t, "--to 1-31-0").Spec); diff != "" {
		t.Errorf("the least (-want +got):\n%s", diff)
	}
	u := asked(t, "--to canary --name mine --version 1.31.0 -n a,b -n c -l team=web,tier!=db --wave a,b --wave c "+
		"--parallel 7 --ready-timeout 3m --soak 0s --rollback-on-failure")
	want = v1alpha1.MeshUpgradeSpec{
		Revision: "canary", Version: "1.31.0",
		Namespaces: &v1alpha1.NamespaceSelection{Names: []string{"a", "b", "c"}, Selector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "team", Operator: "In", Values: []string{"web"}},
				{Key: "tier", Operator: "NotIn", Values: []string{"db"}},
			}}},
		Waves:             []v1alpha1.Wave{{Namespaces: []string{"a", "b"}}, {Namespaces: []string{"c"}}},
		MaxParallel:       7,
		ReadyTimeout:      &metav1.Duration{Duration: 3 * time.Minute},
		Soak:              &metav1.Duration{},
		RollbackOnFailure: true,
	}
	if diff := cmp.Diff(want, u.Spec); diff != "" || u.Name != "mine" {
		t.Errorf("everything, named %q (-want +got):\n%s", u.Name, diff)
	}
}

// TestFlagsSayWhatTheFileSays: both ways lead to the same object.
func TestFlagsSayWhatTheFileSays(t *testing.T) {
	file := asked(t, "-f testdata/move.yaml")
	flags := asked(t, "--to 1-31-0 --operator testdata/operator.yaml -n shop-data -n shop-web --wave shop-web --wave shop-data "+
		"--soak 5s --rollback-on-failure")
	raw := cmp.Comparer(func(a, b runtime.RawExtension) bool { return equalRaw(&a, &b) })
	if diff := cmp.Diff(file.Spec, flags.Spec, raw); diff != "" || file.Name != flags.Name {
		t.Errorf("named %q and %q (-file +flags):\n%s", file.Name, flags.Name, diff)
	}
	if fields := Differences(flags.Spec, file.Spec); len(fields) > 0 {
		t.Errorf("a run of one would refuse the other, for its %s", fields)
	}
}

// TestLimitsMayChange: a run goes on under other limits, and never to another end.
func TestLimitsMayChange(t *testing.T) {
	kept := asked(t, "--to 1-31-0 -n a").Spec
	kept.Version = "1.31.0"
	for line, want := range map[string]int{
		"--to 1-31-0 -n a --parallel 9 --soak 3s --rollback-on-failure": 0,
		"--to 1-31-0 -n a --version 1.31.0":                             0,
		"--to 1-31-0 -n a --version 1.31.1":                             1,
		"--to 1-31-0 -n b":                                              1,
		"--to 1-32-0":                                                   2,
		"--to 1-31-0 -n a --waves 5":                                    1,
		"--to 1-31-0 -n a --operator testdata/operator.yaml":            1,
	} {
		if got := Differences(asked(t, line).Spec, kept); len(got) != want {
			t.Errorf("%s: differs in %v, want %d", line, got, want)
		}
	}
}
