// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// minimal is an IstioOperator file of the new revision, without gateways.
const minimal = `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: by-hand}
spec:
  profile: minimal
  revision: ` + newRevision + `
  hub: docker.io/lab
  tag: ` + newVersion + `
  values:
    telemetry: {enabled: false}
    pilot:
      autoscaleEnabled: false
      env: {PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false"%s}
      resources: {requests: {cpu: 50m, memory: 200Mi}}
`

// installTarget installs the new revision with istioctl, with more environment variables.
func (l *lab) installTarget(t *testing.T, env string) {
	t.Helper()
	output(t, nil, istioctl(t, newVersion), "install", "-f", tempFile(t, fmt.Sprintf(minimal, env)), "--skip-confirmation",
		"--kubeconfig", l.kubeconfig)
}

// targetLab is sharedLab with the new revision installed and unused. A control plane
// that an earlier story installed and left as it was is used again.
func targetLab(t *testing.T, story string) *lab {
	t.Helper()
	describe(t, story)
	l := startLab(t, "hollow", "--size", "hollow")
	if intact := l.targetIsIntact(t); !intact {
		l.reset(t)
		l.installTarget(t, "")
		l.saveTarget(t)
	} else {
		l.resetMesh(t)
	}
	return l
}

// targetFile is where saveTarget remembers the target, in the lab's own folder.
func (l *lab) targetFile() string {
	return filepath.Join(filepath.Dir(l.kubeconfig), "story-target.json")
}

// saveTarget remembers the settings of the installed target, once its webhooks are complete.
func (l *lab) saveTarget(t *testing.T) {
	t.Helper()
	var settings snapshot
	eventually(t, time.Minute, func() (err error) {
		settings, err = l.targetSettings(t)
		return err
	})
	text, err := json.Marshal(settings)
	if err == nil {
		err = os.WriteFile(l.targetFile(), text, 0o600)
	}
	if err != nil {
		t.Fatalf("remember the target: %v", err)
	}
}

// targetIsIntact reports whether the installed target has the remembered settings.
func (l *lab) targetIsIntact(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile(l.targetFile())
	if err != nil {
		return false
	}
	var saved snapshot
	if err := json.Unmarshal(text, &saved); err != nil {
		t.Fatalf("read %s: %v", l.targetFile(), err)
	}
	settings, err := l.targetSettings(t)
	return err == nil && maps.Equal(saved, settings)
}

// targetSettings returns the fields of the target's components that istiod or a story
// may change. It is an error if istiod is not ready, or a webhook has no CA bundle.
func (l *lab) targetSettings(t *testing.T) (snapshot, error) {
	t.Helper()
	fields := []fieldSet{
		{deployments, []string{"spec"}}, {resource("", "v1", "configmaps"), []string{"data"}}, {resource("", "v1", "services"),
			[]string{"spec"}},
		{resource("rbac.authorization.k8s.io", "v1", "clusterroles"), []string{"rules"}},
		{resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"), []string{"webhooks"}},
	}
	s := snapshot{}
	for name, value := range l.snapshot(t, fields) {
		if strings.Contains(name, "-"+newRevision) && !strings.Contains(name, "leader") {
			s[name] = value
		}
	}
	const injector = "mutatingwebhookconfigurations /istio-sidecar-injector-" + newRevision + " webhooks"
	if !strings.Contains(s[injector], "caBundle") {
		return nil, fmt.Errorf("%s has no CA bundle", injector)
	}
	for _, o := range l.list(t.Context(), t, deployments, "app=istiod,istio.io/rev="+newRevision) {
		if err := rolledOut(o); err != nil {
			return nil, err
		}
		return s, nil
	}
	return nil, fmt.Errorf("no istiod of revision %s exists", newRevision)
}
