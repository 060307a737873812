// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rerig/rerig/api/v1alpha1"
)

// asked returns the MeshUpgrade that a command line asks for.
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
		t.Errorf("only a revision (-want +got):\n%s", diff)
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
		t.Errorf("many flags: got name %q, want mine (-want +got):\n%s", u.Name, diff)
	}
}

func TestFlagsAndFileGiveTheSameObject(t *testing.T) {
	file := asked(t, "-f testdata/move.yaml")
	flags := asked(t, "--to 1-31-0 --operator testdata/operator.yaml -n shop-data -n shop-web --wave shop-web --wave shop-data "+
		"--soak 5s --rollback-on-failure")
	raw := cmp.Comparer(func(a, b runtime.RawExtension) bool { return sameValues(&a, &b) })
	if diff := cmp.Diff(file.Spec, flags.Spec, raw); diff != "" || file.Name != flags.Name {
		t.Errorf("got name %q, want %q (-file +flags):\n%s", flags.Name, file.Name, diff)
	}
	if fields := Differences(flags.Spec, file.Spec); len(fields) > 0 {
		t.Errorf("got differences %v, want none", fields)
	}
}

// A run continues with other limits, and never with another purpose.
func TestDifferencesIgnoreLimits(t *testing.T) {
	recorded := asked(t, "--to 1-31-0 -n a").Spec
	recorded.Version = "1.31.0"
	for _, c := range []struct {
		line string
		want int
	}{
		{"--to 1-31-0 -n a --parallel 9 --soak 3s --rollback-on-failure", 0},
		{"--to 1-31-0 -n a --version 1.31.0", 0},
		{"--to 1-31-0 -n a --version 1.31.1", 1},
		{"--to 1-31-0 -n b", 1},
		{"--to 1-32-0", 2},
		{"--to 1-31-0 -n a --waves 5", 1},
		{"--to 1-31-0 -n a --operator testdata/operator.yaml", 1},
	} {
		t.Run(c.line, func(t *testing.T) {
			if got := Differences(asked(t, c.line).Spec, recorded); len(got) != c.want {
				t.Errorf("got differences %v, want %d", got, c.want)
			}
		})
	}
}

// The flags of version 0.1 set the fields of today.
func TestFormerFlagsWork(t *testing.T) {
	former := asked(t, "--to 1-31-0 --way swap --chart "+istiodChart+" --carry none")
	current := asked(t, "--to 1-31-0 --strategy swap --chart "+istiodChart+" --inherit none")
	if diff := cmp.Diff(current.Spec, former.Spec); diff != "" {
		t.Errorf("(-current +former):\n%s", diff)
	}
	var f Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.AddTo(set)
	if usage := set.FlagUsages(); strings.Contains(usage, "--way") || strings.Contains(usage, "--carry") {
		t.Errorf("got former flags in the help, want none:\n%s", usage)
	}
	if err := set.Parse([]string{"--to", "1-31-0", "--way", "swap"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.MeshUpgrade(t.Context(), strings.NewReader("")); err != nil || !f.Stated.Fields["strategy"] {
		t.Errorf("got error %v and stated fields %v, want none and strategy", err, f.Stated.Fields)
	}
	if want := []string{"--way is now --strategy"}; !slices.Equal(f.FormerNames, want) {
		t.Errorf("got former names %v, want %v", f.FormerNames, want)
	}
}
