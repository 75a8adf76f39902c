// Câu chữ của màn hình xem lại và gửi, bằng tiếng Việt; chỉ tải khi mở một hộ.
export const viReview = {
  'review.title': 'Xem lại và gửi',
  'review.cannot': 'Chưa gửi được. Xin xem lại:',
  'review.give': 'Cần có: {what}',
  'review.reached': 'đã đạt',
  'review.lacks': 'Còn thiếu {count} mục',
  'review.change': 'Sửa {what}',
  'review.send': 'Gửi',
  'review.sendHelp': 'Không có sóng vẫn bấm được: hộ nằm an toàn trong máy và tự gửi khi có sóng. Phần còn thiếu có thể bổ sung sau.',
} as const;
