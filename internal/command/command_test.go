// SPDX-License-Identifier: Apache-2.0

package command

import (
	"encoding/json"
	"os/exec"
	"testing"
)

func TestCommandsAreCompleted(t *testing.T) {
	all := Flags{Kubeconfig: "/my files/it's.yaml", Context: "admin@east", IstioNamespace: "service-mesh"}
	const cluster = ` --kubeconfig '/my files/it'\''s.yaml' --context admin@east`
	for _, tc := range []struct {
		name  string
		flags Flags
		text  string
		want  string
	}{
		{name: "without flags", text: "Run `rerig rollback to-1-31-0`.", want: "Run `rerig rollback to-1-31-0`."},
		{
			name: "rerig", flags: all, text: "Run `rerig rollback to-1-31-0` or `rerig status`.",
			want: "Run `rerig rollback to-1-31-0 --istio-namespace service-mesh" + cluster + "` or `rerig status --istio-namespace service-mesh" +
				cluster + "`.",
		},
		{name: "a flag that the command has", flags: Flags{IstioNamespace: "a", Context: "c"},
			text: "`rerig status x --istio-namespace b` `rerig status x --context=d`",
			want: "`rerig status x --istio-namespace b --context c` `rerig status x --context=d --istio-namespace a`"},
		{name: "kubectl", flags: all, text: "`kubectl get pdb`", want: "`kubectl get pdb" + cluster + "`"},
		{name: "istioctl", flags: all, text: "`./istioctl-1.31.0 tag set prod --revision x`",
			want: "`./istioctl-1.31.0 tag set prod --revision x --istioNamespace service-mesh" + cluster + "`"},
		{name: "helm", flags: Flags{Context: "c", IstioNamespace: "m"}, text: "`helm uninstall istiod-x --namespace m`",
			want: "`helm uninstall istiod-x --namespace m --kube-context c`"},
		{name: "help", flags: all, text: "see `rerig plan --help`", want: "see `rerig plan --help`"},
		{name: "helm without a cluster", flags: all, text: "`helm dependency build`", want: "`helm dependency build`"},
		{name: "a program's name alone", flags: all, text: "`istioctl`, rerig status", want: "`istioctl`, rerig status"},
		{name: "no command", flags: all, text: "label `istio.io/rev x`", want: "label `istio.io/rev x`"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.flags.Complete(tc.text); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			encoded, _ := json.Marshal(map[string]string{"hint": tc.text})
			var decoded map[string]string
			if err := json.Unmarshal([]byte(tc.flags.CompleteJSON(string(encoded))), &decoded); err != nil || decoded["hint"] != tc.want {
				t.Errorf("in JSON: got %s, %v\nwant %s", decoded["hint"], err, tc.want)
			}
		})
	}
}

func TestShellReadsQuotedWords(t *testing.T) {
	for _, word := range []string{
		"a", "", "a b", "it's", "$HOME", "`id`", `"x"`, "*", `back\slash`, "new\nline", "Deployment shop/web=leave",
	} {
		got, err := exec.Command("sh", "-c", "printf %s "+Join(word)).Output()
		if err != nil || string(got) != word {
			t.Errorf("sh reads %s as %q, %v, want %q", Quote(word), got, err, word)
		}
	}
}
