// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/lab/internal/component"
)

// emptySources has no ConfigMaps and no Secrets. Its tokens name their service account.
type emptySources struct{}

func (emptySources) ConfigMap(context.Context, string, string) (*corev1.ConfigMap, error) {
	return nil, nil
}
func (emptySources) Secret(context.Context, string, string) (*corev1.Secret, error) { return nil, nil }
func (emptySources) Token(_ context.Context, p *corev1.Pod, audience string, _ int64) (string, error) {
	return p.Spec.ServiceAccountName + "@" + audience, nil
}

// istiod returns a shortened pod of Istio's chart.
func istiod() *corev1.Pod {
	optional := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "istiod-1", Labels: map[string]string{"app": "istiod"}},
		Spec: corev1.PodSpec{
			ServiceAccountName: "istiod-1-31-0",
			Volumes: []corev1.Volume{
				{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
					{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token"}}}}}},
				{Name: "cacerts", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "cacerts", Optional: &optional}}},
			},
			Containers: []corev1.Container{{
				Name: "discovery", Image: "docker.io/lab/pilot:1.31.0",
				Args: []string{"discovery", "--monitoringAddr=:15099", "--domain", "cluster.local", "--caCertFile=/etc/cacerts/root.pem"},
				Env: []corev1.EnvVar{
					{Name: "REVISION", Value: "1-31-0"}, {Name: "KUBECONFIG", Value: "/var/run/secrets/remote/config"},
					{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
					{Name: "GOMAXPROCS", ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.cpu"}}},
					{Name: "ROOT_CA_DIR", Value: "/etc/cacerts"},
				},
				VolumeMounts: []corev1.VolumeMount{
					{Name: "token", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"}, {Name: "cacerts", MountPath: "/etc/cacerts"},
				},
			}},
		},
	}
}

func TestProcessForPod(t *testing.T) {
	p, err := ProcessForPod(context.Background(), emptySources{}, istiod(), ProcessOptions{
		Binary: "/parts/istiod", RootDir: "/lab/pods/istiod-1", Ports: []int{20001, 20002, 20003, 20004, 20005, 20006},
		APIServer: "https://127.0.0.1:20000", CA: []byte("CA"), Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := component.Component{
		Name: "istio-system.istiod-1", Binary: "/parts/istiod", Dir: "/lab/pods/istiod-1",
		Args: []string{
			"discovery", "--monitoringAddr=:15099", "--domain", "cluster.local", "--caCertFile=/lab/pods/istiod-1/etc/cacerts/root.pem",
			"--grpcAddr=127.0.0.1:20001", "--secureGRPCAddr=127.0.0.1:20002", "--monitoringAddr=127.0.0.1:20003",
			"--httpsAddr=127.0.0.1:20004", "--httpAddr=127.0.0.1:20005", "--ctrlz_port=20006",
			"--kubeconfig=/lab/pods/istiod-1/kubeconfig",
		},
		Env: []string{
			"REVISION=1-31-0", "POD_NAME=istiod-1", "GOMAXPROCS=2", "ROOT_CA_DIR=/lab/pods/istiod-1/etc/cacerts",
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/lab/pods/istiod-1",
		},
		Files: []component.File{
			{Path: "/lab/pods/istiod-1/var/run/secrets/kubernetes.io/serviceaccount/token", Content: "istiod-1-31-0@", Mode: 0o600},
			{Path: "/lab/pods/istiod-1/kubeconfig", Content: p.Component.Files[len(p.Component.Files)-1].Content, Mode: 0o600},
		},
	}
	if d := cmp.Diff(want, p.Component); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	for _, part := range []string{
		`server: "https://127.0.0.1:20000"`, "Q0E=",
		`tokenFile: "/lab/pods/istiod-1/var/run/secrets/kubernetes.io/serviceaccount/token"`,
	} {
		if !strings.Contains(want.Files[1].Content, part) {
			t.Errorf("kubeconfig: got\n%s\nwant it to contain %s", want.Files[1].Content, part)
		}
	}
	ports := map[int]string{
		15010: "127.0.0.1:20001", 15012: "127.0.0.1:20002", 15099: "127.0.0.1:20003",
		15017: "127.0.0.1:20004", 8080: "127.0.0.1:20005", 9876: "127.0.0.1:20006",
	}
	if d := cmp.Diff(ports, p.Ports); d != "" {
		t.Errorf("ports (-want +got):\n%s", d)
	}
}
