// The floor of a sample's cost: what the positioned reads alone take in C.
// Usage: floor ROUNDS FILE... prints nanoseconds per round, all files read once.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 32 };

static char buffer[16384];

int main(int argc, char **argv) {
  long rounds = argc > 2 ? atol(argv[1]) : 0;
  int count = argc - 2;
  int files[MOST];
  struct timespec start, end;

  if (rounds < 1 || count > MOST) {
    fprintf(stderr, "usage: floor ROUNDS FILE... (at most %d files)\n", MOST);
    return 2;
  }
  for (int i = 0; i < count; i++) {
    files[i] = open(argv[i + 2], O_RDONLY);
    if (files[i] < 0) {
      perror(argv[i + 2]);
      return 1;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long round = 0; round < rounds; round++) {
    for (int i = 0; i < count; i++) {
      if (pread(files[i], buffer, sizeof buffer, 0) < 0) {
        perror(argv[i + 2]);
        return 1;
      }
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.1f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / rounds);
  return 0;
}
